"""How the projections are: how far behind, what is set aside, when they were last rebuilt and last proven equal.

Lag tells the truth: it counts every event that a view lacks, also those of bookings that were set aside, and is
measured against the ledger, whatever the projection follows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import redis
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from events import feed
from projections import findings, sql
from projections import rebuild as rebuilds
from projections.models import DriftWalk, ProjectionState, Rebuild
from projections.projector import Projector
from projections.projectors import PROJECTORS
from projections.rebuild import Progress
from projections.streams.connection import for_a_look

OTHER_VERSION: Final = "other_version"
"""The tables are of another version of the projector than this process runs."""

FOREIGN_CHECKPOINT: Final = "foreign_checkpoint"
"""A checkpoint is of another ledger or epoch, or beyond its log's end: as after a restore."""


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """A projection in one partition."""

    partition: int
    position: int
    head: int
    """The last position of the partition's log."""
    checked_at: datetime | None
    """When the drift monitor last checked some of it."""
    proven_at: datetime | None
    """When the last walk through it, or rebuild of it, began that found it equal to the ledger or put it right; None:
    it never was."""

    @property
    def lag(self) -> int:
        """Events behind the log's end, but those of bookings that are set aside."""
        return max(0, self.head - self.position)


@dataclass(frozen=True, slots=True)
class Status:
    """One projection at this moment."""

    name: str
    version: str
    """Of the projector that this process runs."""
    live_version: str
    """Of the tables; several, with commas between, while they differ."""
    has_tables: bool
    """Whether it is a view; otherwise it is a consumer, with its effects elsewhere."""
    partitions: tuple[PartitionStatus, ...]
    lag_events: int
    """Events that it lacks."""
    lag_seconds: float
    """The age of the oldest event that it lacks; 0.0 where it lacks none."""
    set_aside: int
    """Bookings that it could not take."""
    paused_at: datetime | None
    paused_by: str
    last_rebuild: Rebuild | None
    """The last one that ended."""
    rebuild: Rebuild | None
    """The one that has not ended."""
    progress: Progress | None
    """Of that one."""
    open_drift: int
    """Rows that were found to be other than the ledger says, and are not put right."""
    needs_rebuild: str | None
    """Why it does not move until it is rebuilt (a view) or replayed (a consumer): OTHER_VERSION or
    FOREIGN_CHECKPOINT."""
    unknown_position: str | None
    """Why it cannot be told where it truly is, so that the checkpoints are shown instead: Redis is away."""

    @property
    def position(self) -> int:
        """Events that it has passed, over all partitions."""
        return sum(each.position for each in self.partitions)

    @property
    def head(self) -> int:
        """Events in the ledger."""
        return sum(each.head for each in self.partitions)

    @property
    def checked_at(self) -> datetime | None:
        """The last drift check."""
        return max((each.checked_at for each in self.partitions if each.checked_at), default=None)

    @property
    def proven_at(self) -> datetime | None:
        """Last proven equal to the ledger at: the oldest of the partitions; None if one was never proven."""
        times = [each.proven_at for each in self.partitions]
        return None if None in times else min((time for time in times if time), default=None)

    @property
    def is_alarming(self) -> bool:
        """Whether somebody should look: what is wrong does not go away by itself."""
        return bool(self.open_drift or self.set_aside or self.needs_rebuild)


def statuses() -> list[Status]:
    """One for each projector, in the order in which they are moved. A dozen short statements in all."""
    known = _Known.read()
    with for_a_look():
        places = {projector.name: _place(projector, known) for projector in PROJECTORS}
    known.read_times(places.values())
    return [_status(projector, places[projector.name], known) for projector in PROJECTORS]


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    position: int
    ours: bool
    version: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one projection is: partition → position."""

    positions: dict[int, int]
    heads: dict[int, int]
    checkpoints: dict[int, _Checkpoint]
    unknown: str | None = None

    @property
    def lacking(self) -> list[tuple[int, int]]:
        """The place of the first event that it lacks in each partition that it is behind in."""
        return [(p, at + 1) for p, at in self.positions.items() if at < self.heads[p]]


@dataclass(slots=True)
class _Known:
    """What was read about all projections at once."""

    checkpoints: Mapping[str, dict[int, _Checkpoint]]
    heads: dict[int, int]
    set_aside: dict[str, tuple[int, int, datetime | None]]
    states: dict[str, ProjectionState]
    ended: dict[str, Rebuild]
    unfinished: dict[str, Rebuild]
    walks: dict[tuple[str, int], tuple[datetime | None, datetime | None]]
    drift: dict[str, int]
    now: datetime = field(default_factory=timezone.now)
    times: dict[tuple[int, int], datetime] = field(default_factory=dict)

    @classmethod
    def read(cls) -> _Known:
        # Checkpoints before heads: a view that moves meanwhile is not taken for one beyond its log's end.
        return cls(
            checkpoints=_checkpoints(),
            heads=feed.heads(),
            set_aside={name: (number, lag, since) for name, number, lag, since in _rows("set_aside_lag")},
            states=ProjectionState.objects.in_bulk(),
            ended=_latest(Rebuild.objects.exclude(state__in=Rebuild.UNFINISHED)),
            unfinished=_latest(Rebuild.objects.filter(state__in=Rebuild.UNFINISHED)),
            walks={
                (name, partition): (checked_at, proven_at)
                for name, partition, checked_at, proven_at in DriftWalk.objects.values_list(
                    "projection", "partition", "checked_at", "proven_at"
                )
            },
            drift=dict(findings.drift().values_list("projection").annotate(Count("pk"))),
        )

    def read_times(self, places: Iterable[_Place]) -> None:
        """When the first event was recorded that each lacks in each partition: times never run backwards there."""
        wanted = sorted({place for each in places for place in each.lacking})
        if wanted:
            partitions, positions = (list(column) for column in zip(*wanted, strict=True))
            found = _rows("recorded_at", partitions=partitions, positions=positions)
            self.times = {(partition, position): at for partition, position, at in found}


def _status(projector: Projector, place: _Place, known: _Known) -> Status:
    name = projector.name
    aside, aside_events, aside_since = known.set_aside.get(name, (0, 0, None))
    since = [known.times[at] for at in place.lacking if at in known.times]
    since += [aside_since] if aside_since else []
    state, unfinished = known.states.get(name), known.unfinished.get(name)
    partitions = tuple(
        PartitionStatus(p, place.positions[p], head, *known.walks.get((name, p), (None, None)))
        for p, head in sorted(known.heads.items())
    )
    return Status(
        name=name,
        version=projector.version,
        live_version=", ".join(sorted({c.version for c in place.checkpoints.values()})) or projector.version,
        has_tables=bool(projector.tables),
        partitions=partitions,
        lag_events=sum(each.lag for each in partitions) + aside_events,
        lag_seconds=max(0.0, (known.now - min(since)).total_seconds()) if since else 0.0,
        set_aside=aside,
        paused_at=state.paused_at if state else None,
        paused_by=state.paused_by if state else "",
        last_rebuild=known.ended.get(name),
        rebuild=unfinished,
        progress=rebuilds.progress(unfinished) if unfinished else None,
        open_drift=known.drift.get(name, 0),
        needs_rebuild=_why_it_stands_still(projector, place),
        unknown_position=place.unknown,
    )


def _place(projector: Projector, known: _Known) -> _Place:
    checkpoints = known.checkpoints.get(projector.name, {})
    recorded = {p: checkpoints[p].position if p in checkpoints else 0 for p in known.heads}
    try:
        return _Place(projector.positions(recorded), known.heads, checkpoints)
    except (redis.RedisError, RuntimeError) as error:
        return _Place(recorded, known.heads, checkpoints, f"{type(error).__name__}: {error}")


def _why_it_stands_still(projector: Projector, place: _Place) -> str | None:
    if any(not each.ours or each.position > place.heads[p] for p, each in place.checkpoints.items()):
        return FOREIGN_CHECKPOINT
    if any(each.version != projector.version for each in place.checkpoints.values()):
        return OTHER_VERSION
    return None


def _checkpoints() -> Mapping[str, dict[int, _Checkpoint]]:
    found: dict[str, dict[int, _Checkpoint]] = defaultdict(dict)
    for name, partition, *rest in _rows("all_checkpoints"):
        found[name][partition] = _Checkpoint(*rest)
    return found


def _latest(rebuilds: Any) -> dict[str, Rebuild]:
    """The newest of each projection."""
    newest = rebuilds.order_by("projection", "-started_at").distinct("projection")
    return {rebuild.projection: rebuild for rebuild in newest}


def _rows(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement(statement), parameters or None)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
