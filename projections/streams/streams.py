"""The streams as Redis has them, and what the relay does to them.

The truth about how far the relay has got is a stream's own last id. It outlives trimming, and goes with the
entries when Redis loses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import redis
from django.conf import settings

from events.feed import Identity
from projections.streams import scripts
from projections.streams.cloud_event import Origin, origin_of, source_of
from projections.streams.connection import client, key_of

NOTHING: Final = "0-0"
"""The last id of a stream that was not begun."""

BEFORE_ALL: Final = "0-1"
"""The last id of one that begins with position 1, to tell it from one that was not begun."""


class ForeignStream(RuntimeError):
    """The key has something else than a stream of this ledger: nothing is added to it, nothing taken away."""


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group of one stream, as Redis tells it."""

    name: str
    delivered: str
    """The id of the last entry that one of its consumers was given."""
    pending: int
    """Entries given and not acknowledged."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One partition's stream at one moment."""

    partition: int
    last_id: str
    first: int
    """The position of its oldest entry; the one after the last where it has none."""
    length: int
    origin: Origin | None
    """Of its last entry; None where it has none."""
    groups: tuple[Group, ...]

    @property
    def last(self) -> int:
        """The position up to which the relay has got."""
        return position_of(self.last_id)

    @property
    def begun(self) -> bool:
        """Whether the relay has begun it; a service may have made it by creating its group."""
        return self.last_id != NOTHING

    def is_of(self, ledger: Identity) -> bool:
        """Whether it goes on with this ledger's log. Not if it was filled before a restore that lost events.

        Raises ForeignStream for another ledger's, or a later epoch's.
        """
        if self.origin is None or (self.origin.source, self.origin.epoch) == (
            source_of(ledger),
            ledger.epoch,
        ):
            return True
        if self.origin.source == source_of(ledger) and self.origin.epoch < ledger.epoch:
            return False
        raise ForeignStream(
            f"the stream {key_of(self.partition)} is of {self.origin.source}, epoch {self.origin.epoch};"
            f" this ledger is {source_of(ledger)}, epoch {ledger.epoch}."
            " Set another FAREHISTORY_REDIS_PREFIX, or delete the stream"
        )


def look(partitions: Iterable[int]) -> list[Stream]:
    """The streams of these partitions, in one round trip. Raises RedisError, ForeignStream."""
    which = list(partitions)
    with client().pipeline(transaction=True) as pipeline:
        for partition in which:
            pipeline.type(key_of(partition))
            pipeline.xinfo_stream(key_of(partition))
            pipeline.xinfo_groups(key_of(partition))
        answers = pipeline.execute(raise_on_error=False)
    return [_stream(partition, *answers[3 * index : 3 * index + 3]) for index, partition in enumerate(which)]


def begin(stream: Stream, *, after: int, groups: dict[str, str]) -> None:
    """Makes it anew, empty, so that it goes on after a position; unless it has changed since it was looked at."""
    last_id = entry_id(after) if after else BEFORE_ALL
    scripts.begin(key_of(stream.partition), seen=stream.last_id, after=last_id, groups=groups)


def trim(stream: Stream) -> None:
    """Removes what is beyond FAREHISTORY_STREAM_KEEP, but nothing that a group of ours has yet to acknowledge."""
    unread = [position + 1 for position in acknowledged(stream, our_groups()).values()]
    oldest = min([stream.last - settings.FAREHISTORY_STREAM_KEEP + 1, *unread])
    if oldest > stream.first:
        client().xtrim(key_of(stream.partition), minid=entry_id(oldest), approximate=False)


def acknowledged(stream: Stream, names: Iterable[str]) -> dict[str, int]:
    """By group: the last position before which, and at which, everything is acknowledged."""
    wanted = set(names)
    groups = [group for group in stream.groups if group.name in wanted]
    oldest = oldest_pending([(stream.partition, group) for group in groups])
    return {
        group.name: position_of(pending) - 1 if pending else position_of(group.delivered)
        for group, pending in zip(groups, oldest, strict=True)
    }


def oldest_pending(groups: Sequence[tuple[int, Group]]) -> list[str | None]:
    """The id of each group's oldest entry that was given and not acknowledged; None where there is none."""
    waiting = [(partition, group) for partition, group in groups if group.pending]
    if not waiting:
        return [None] * len(groups)
    with client().pipeline(transaction=False) as pipeline:
        for partition, group in waiting:
            pipeline.xpending(key_of(partition), group.name)
        answers = iter(pipeline.execute())
    return [next(answers)["min"] if group.pending else None for _, group in groups]


def our_groups() -> list[str]:
    """The consumer groups that FAREHISTORY_STREAM_GROUPS names."""
    return list(settings.FAREHISTORY_STREAM_GROUPS)


def position_of(entry: str) -> int:
    """The position that an entry's id says."""
    return int(entry.partition("-")[0])


def entry_id(position: int) -> str:
    """The id of the entry with the event at that position."""
    return f"{position}-0"


def _stream(partition: int, kind: Any, found: Any, groups: Any) -> Stream:
    if kind == "none":
        return Stream(partition, NOTHING, 1, 0, None, ())
    if kind != "stream":
        raise ForeignStream(f"the key {key_of(partition)} is a {kind}, not a stream")
    for answer in (found, groups):
        if isinstance(answer, redis.RedisError):
            raise answer
    last_id, first = str(found["last-generated-id"]), found["first-entry"]
    return Stream(
        partition=partition,
        last_id=last_id,
        first=position_of(first[0]) if first else position_of(last_id) + 1,
        length=int(found["length"]),
        origin=_origin(partition, found["last-entry"]),
        groups=tuple(
            Group(str(group["name"]), str(group["last-delivered-id"]), int(group["pending"]))
            for group in groups
        ),
    )


def _origin(partition: int, entry: Any) -> Origin | None:
    if not entry:
        return None
    try:
        return origin_of(entry[1]["event"])
    except (KeyError, msgspec.MsgspecError) as error:
        raise ForeignStream(
            f"the last entry of {key_of(partition)}, {entry[0]}, is not an event of ours. Delete the stream,"
            " or set another FAREHISTORY_REDIS_PREFIX"
        ) from error
