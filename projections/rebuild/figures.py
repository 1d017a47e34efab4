"""How far a rebuild has got, for terminal, API and admin."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from events import feed
from projections import sql
from projections.models import Rebuild
from projections.rebuild.standing import mark


@dataclass(frozen=True, slots=True)
class Progress:
    """A rebuild at this moment."""

    state: str
    events_done: int
    """In the rebuild's tables."""
    events_total: int
    """In the logs that it covers, at this moment or when it ended."""
    rate: float | None
    """Events per second since it began; None before the first step."""
    eta_seconds: float | None
    """Until the events are in at that rate; None if that cannot be said."""
    partitions: int
    partitions_built: int
    partitions_compared: int

    @property
    def percent(self) -> float:
        """Of the events, 0 to 100."""
        return 100.0 if not self.events_total else min(100.0, 100 * self.events_done / self.events_total)


def progress(rebuild: Rebuild) -> Progress:
    """Reads the rebuild's checkpoints: right whoever drives it, and after any kill."""
    if rebuild.finished:
        return _ended(rebuild)
    heads = feed.heads()
    total = sum(heads[partition] for partition in rebuild.partitions)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("rebuild_progress"),
            {
                "projection": rebuild.projection,
                "mark": mark(rebuild.projection),
                "partitions": rebuild.partitions,
                "began": rebuild.started_at,
            },
        )
        positions, compared, seconds = cursor.fetchone()
    done = sum(positions.values())
    rate = done / seconds if done and seconds else None
    return Progress(
        state=rebuild.state,
        events_done=done,
        events_total=max(total, done),
        rate=rate,
        eta_seconds=max(0, total - done) / rate if rate else None,
        partitions=len(rebuild.partitions),
        partitions_built=sum(position >= heads[int(p)] for p, position in positions.items()),
        partitions_compared=compared,
    )


def _ended(rebuild: Rebuild) -> Progress:
    brought_in = rebuild.state in (Rebuild.State.DONE, Rebuild.State.COMPARED)
    number = len(rebuild.partitions)
    return Progress(
        state=rebuild.state,
        events_done=rebuild.events if brought_in else 0,
        events_total=rebuild.events,
        rate=None,
        eta_seconds=None,
        partitions=number,
        partitions_built=number if brought_in else 0,
        partitions_compared=number if brought_in else 0,
    )
