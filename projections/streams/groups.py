"""Consumer groups: those of the setting are kept in being, and every group's lag is told.

Ids are positions and positions have no gaps, so a lag is a subtraction. Redis's own `lag` is null once an entry
was deleted or a group was set back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import redis
from django.utils import timezone

from events import partitions
from projections.streams import streams
from projections.streams.cloud_event import origin_of
from projections.streams.connection import client, key_of
from projections.streams.streams import Group, Stream


@dataclass(frozen=True, slots=True)
class GroupLag:
    """What a consumer group has still to do, in one partition or in all."""

    group: str
    partition: int | None
    """None: all partitions together."""
    lag: int
    """Events in the stream that none of its consumers was given yet."""
    pending: int
    """Events that one was given and has not acknowledged."""
    oldest_pending_seconds: float | None
    """How long ago the oldest of those was recorded in the ledger; None where there is none, or it was trimmed."""
    ours: bool
    """Whether it is one of FAREHISTORY_STREAM_GROUPS, for which trimming waits."""


def ensure(found: Stream) -> None:
    """Makes the groups of the setting that the stream lacks; they begin with its first entry."""
    for name in missing(found):
        try:
            client().xgroup_create(key_of(found.partition), name, id="0", mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):  # Redis's code for: another process has just made it
                raise


def missing(found: Stream) -> list[str]:
    """The groups of the setting that the stream lacks."""
    there = {group.name for group in found.groups}
    return [name for name in streams.our_groups() if name not in there]


def set_back(found: Stream, after: int, names: Collection[str]) -> None:
    """Gives these groups everything after this position once more, unless they have not got there yet."""
    for group in found.groups:
        if group.name in names and streams.position_of(group.delivered) > after:
            client().xgroup_setid(key_of(found.partition), group.name, streams.entry_id(after))


def places(found: Stream, *, at_most: int, names: Collection[str]) -> dict[str, str]:
    """Where the groups are to be in a stream that is made anew: after what they have acknowledged; these groups
    no further than `at_most`."""
    done = streams.acknowledged(found, [group.name for group in found.groups])
    return dict.fromkeys(missing(found), "0") | {
        name: streams.entry_id(min(at, at_most) if name in names else at) for name, at in done.items()
    }


def group_lags() -> list[GroupLag]:
    """Every group in every partition that has it, by group and partition. Raises RedisError, ForeignStream."""
    found = streams.look(range(partitions.count()))
    groups = [(stream, group) for stream in found for group in stream.groups]
    oldest = streams.oldest_pending([(stream.partition, group) for stream, group in groups])
    recorded = _recorded_at([(s.partition, entry) for (s, _), entry in zip(groups, oldest, strict=True)])
    lags = [_lag(stream, group, instant) for (stream, group), instant in zip(groups, recorded, strict=True)]
    return sorted(lags, key=lambda lag: (lag.group, lag.partition))


def totals(lags: Iterable[GroupLag]) -> list[GroupLag]:
    """One line a group, over all of its partitions."""
    by_group: dict[str, list[GroupLag]] = {}
    for lag in lags:
        by_group.setdefault(lag.group, []).append(lag)
    return [_total(name, of_group) for name, of_group in sorted(by_group.items())]


def _lag(stream: Stream, group: Group, oldest: datetime | None) -> GroupLag:
    # What was trimmed before it was read will never be given: it is no longer work to do.
    begins_after = max(streams.position_of(group.delivered), stream.first - 1)
    return GroupLag(
        group=group.name,
        partition=stream.partition,
        lag=max(0, stream.last - begins_after),
        pending=group.pending,
        oldest_pending_seconds=None if oldest is None else (timezone.now() - oldest).total_seconds(),
        ours=group.name in streams.our_groups(),
    )


def _total(name: str, lags: Sequence[GroupLag]) -> GroupLag:
    ages = [lag.oldest_pending_seconds for lag in lags if lag.oldest_pending_seconds is not None]
    return GroupLag(
        group=name,
        partition=None,
        lag=sum(lag.lag for lag in lags),
        pending=sum(lag.pending for lag in lags),
        oldest_pending_seconds=max(ages, default=None),
        ours=lags[0].ours,
    )


def _recorded_at(entries: Sequence[tuple[int, str | None]]) -> list[datetime | None]:
    """When the events of these entries were recorded; None for no entry, and for one that is gone."""
    wanted = [(partition, entry) for partition, entry in entries if entry is not None]
    with client().pipeline(transaction=False) as pipeline:
        for partition, entry in wanted:
            pipeline.xrange(key_of(partition), entry, entry)
        answers = iter(pipeline.execute())
    return [None if entry is None else _time_of(next(answers)) for _, entry in entries]


def _time_of(answer: Sequence[tuple[str, dict[str, str]]]) -> datetime | None:
    return datetime.fromisoformat(origin_of(answer[0][1]["event"]).time) if answer else None
