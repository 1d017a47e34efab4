"""Relays the ledger to Redis Streams, one per partition, in order and at least once. See docs/streams.md."""

from __future__ import annotations

from typing import Final

import redis
from django.conf import settings

from events import feed
from events.feed import Identity
from projections.control import CannotReplay
from projections.projector import OutOfStep, Page, Projector
from projections.streams import groups, scripts, streams
from projections.streams.cloud_event import cloud_event
from projections.streams.connection import key_of
from projections.streams.streams import ForeignStream, Stream

AT_ONCE: Final = 250
"""Events that Redis adds in one step, during which it serves nobody else: a millisecond or two."""


class FareStreamProjector(Projector):
    name = "fare_stream"
    by_booking = False

    def __init__(self, group: str | None = None) -> None:
        """`group`: the only consumer group that a replay sets back; None: those of FAREHISTORY_STREAM_GROUPS."""
        self._group = group

    def apply(self, page: Page) -> None:
        """Sends the page. What the stream has already, from a worker that died before its commit, it refuses."""
        ledger = feed.identity()
        events = feed.page(page.partition, page.after, page.upto)
        length = 0
        for start in range(0, len(events), AT_ONCE):
            some = [cloud_event(event, ledger) for event in events[start : start + AT_ONCE]]
            after = page.after + start
            last, length = scripts.append(key_of(page.partition), after, some)
            if last < after:
                raise OutOfStep(f"the stream of partition {page.partition} ends at {last}, not at {after}")
        if _is_time_to_trim(page, length):
            streams.trim(*streams.look([page.partition]))

    def positions(self, recorded: dict[int, int]) -> dict[int, int]:
        """Where the streams themselves are, when Redis has lost some of what it had or all.

        A stream that is not there begins with the last FAREHISTORY_STREAM_KEEP events of its log, and is made
        here, with the groups of the setting: a service can wait for a partition that has no event yet.
        Raises RedisError, ForeignStream.
        """
        ledger = feed.identity()
        return {
            stream.partition: _place(stream, ledger, recorded[stream.partition])
            for stream in streams.look(recorded)
        }

    def rewind(self, partition: int, after: int) -> None:
        """Our groups are given everything after this position once more; other groups stay where they are.

        If the stream still has all of it, our groups are set back in it. Redis takes no smaller id than it had,
        so otherwise the stream is made anew from there; what another group had not acknowledged, it gets again.
        Raises CannotReplay, also where the stream has none of our groups: nobody would be given anything.
        """
        names = streams.our_groups() if self._group is None else [self._group]
        try:
            _rewind(partition, after, names)
        except (redis.RedisError, ForeignStream) as error:
            raise CannotReplay(f"the stream of partition {partition} cannot be set back: {error}") from error


def _place(stream: Stream, ledger: Identity, recorded: int) -> int:
    if not stream.begun:
        return _begin(stream, {group.name: group.delivered for group in stream.groups})
    if not stream.is_of(ledger):
        # Its positions are other events' since the restore: every group has to read the new ones.
        return _begin(stream, {group.name: "0" for group in stream.groups})
    if stream.last > recorded and stream.last > (head := feed.head(stream.partition)):
        raise ForeignStream(
            f"the stream {key_of(stream.partition)} is at {stream.last}, its log ends at {head}:"
            " was the ledger restored without raising its epoch?"
        )
    groups.ensure(stream)
    return min(recorded, stream.last)


def _rewind(partition: int, after: int, names: list[str]) -> None:
    (stream,) = streams.look([partition])
    if not stream.begun or not stream.is_of(feed.identity()) or after >= stream.last:
        return  # what is missing is sent in any case
    # One that was just begun anew, after a restore, may well have no group: its events are all yet to come.
    if stream.length and not {group.name for group in stream.groups}.intersection(names):
        raise CannotReplay(_nobody_to_set_back(stream, names))
    if stream.first <= after + 1:
        groups.set_back(stream, after, names)
    else:
        streams.begin(stream, after=after, groups=groups.places(stream, at_most=after, names=names))


def _nobody_to_set_back(stream: Stream, names: list[str]) -> str:
    asked = f"no consumer group {' or '.join(names)}" if names else "no consumer group to set back"
    there = ", ".join(group.name for group in stream.groups) or "none"
    return (
        f"the stream of partition {stream.partition} has {asked} (it has: {there}). Set FAREHISTORY_STREAM_GROUPS"
        " to what the workers have, or name a group: --group NAME"
    )


def _begin(stream: Stream, existing: dict[str, str]) -> int:
    after = max(0, feed.head(stream.partition) - settings.FAREHISTORY_STREAM_KEEP)
    streams.begin(stream, after=after, groups=existing | dict.fromkeys(groups.missing(stream), "0"))
    return after


def _is_time_to_trim(page: Page, length: int) -> bool:
    """Now and then, not for every page: once in a tenth of what is kept."""
    every = max(1, min(1000, settings.FAREHISTORY_STREAM_KEEP // 10))
    return length > settings.FAREHISTORY_STREAM_KEEP and page.after // every != page.upto // every
