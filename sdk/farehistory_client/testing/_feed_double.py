"""A feed for tests of consumers: it delivers at least once, and in no hurry, as a feed may after crashes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from inspect import isawaitable
from random import Random

from farehistory_client._client import done_at_once
from farehistory_client._fares import FareEvent
from farehistory_client._feed import TAIL, FeedPage, Range

LARGEST_PAGE = 7


@dataclass(frozen=True, slots=True)
class _Script:
    """What a feed of some events delivers, page by page, after a cursor."""

    logs: dict[int, list[FareEvent]]
    seed: int
    duplicates: float
    replays: float

    def pages(self, after: str | None) -> Iterator[FeedPage]:
        random = Random(f"{self.seed} {after}")  # noqa: S311 - no secret
        reached = self._reached(after)
        replays_left = 1 + sum(len(log) for log in self.logs.values())
        while True:
            page = self._page(random, reached)
            is_end = self._is_end(reached)
            # The last page always comes again: also where there is only one event, it comes twice.
            replayed = is_end and replays_left > 0 and self.replays > 0 and bool(page.ranges)
            if replayed or (replays_left > 0 and random.random() < self.replays):
                replays_left = 0 if is_end else replays_left - 1
                for each in page.ranges:
                    reached[each.partition] = random.randint(0, each.after)
            ranges = [self._range(each) for each in page.ranges]
            yield FeedPage(page.events, self._cursor(reached), self._is_end(reached), ranges)
            if self._is_end(reached):
                return

    def _page(self, random: Random, reached: dict[int, int]) -> FeedPage:
        """Some events of some partitions: the others wait."""
        behind = [partition for partition, log in self.logs.items() if reached[partition] < len(log)]
        random.shuffle(behind)
        events: list[FareEvent] = []
        ranges: list[Range] = []
        for partition in behind[: random.randint(1, len(behind))] if behind else []:
            after = reached[partition]
            upto = min(after + random.randint(1, LARGEST_PAGE), len(self.logs[partition]))
            for event in self.logs[partition][after:upto]:
                events += [event] * (2 if random.random() < self.duplicates else 1)
            ranges.append(Range(partition, after, upto))
            reached[partition] = upto
        return FeedPage(events, self._cursor(reached), False, ranges)

    def _range(self, of: Range) -> Range:
        """Positions, where the script counts events: those that it was given may have gaps."""
        log = self.logs[of.partition]
        return Range(of.partition, log[of.after].position - 1, log[of.upto - 1].position)

    def _is_end(self, reached: dict[int, int]) -> bool:
        return all(reached[partition] == len(log) for partition, log in self.logs.items())

    def _cursor(self, reached: dict[int, int]) -> str:
        return "double:" + ",".join(f"{partition}={index}" for partition, index in sorted(reached.items()))

    def _reached(self, after: str | None) -> dict[int, int]:
        if after is None:
            return dict.fromkeys(self.logs, 0)
        if after == TAIL:
            return {partition: len(log) for partition, log in self.logs.items()}
        if not after.startswith("double:"):
            raise ValueError(f"{after!r} is no cursor of this feed")
        pairs = [part.split("=") for part in after.removeprefix("double:").split(",") if part]
        return {**dict.fromkeys(self.logs, 0), **{int(partition): int(index) for partition, index in pairs}}


class FeedDouble:
    """Stands where a client stands whose feed is read: `feed` and `feed_pages` are called, and answer, alike.

    Every event of `events` comes at least once, and those of a booking come in their order. But pages are of any size,
    partitions come in any order, and some wait long (delays); some events come twice at once (`duplicates`, the share
    of them); and after some pages the feed goes back to an earlier position, and on from there (`replays`): the last
    page comes again always. The same `seed` gives the same feed; a consumer that is right is right for every seed. It
    ends when all was delivered; who begins at `TAIL` is at that end.
    """

    def __init__(
        self, events: Iterable[FareEvent], *, seed: int = 0, duplicates: float = 0.2, replays: float = 0.2
    ) -> None:
        self._script = _script(events, seed, duplicates, replays)

    def feed_pages(
        self,
        *,
        after: str | None = None,
        since: datetime | None = None,
        partitions: str | None = None,
        component: Iterable[str] = (),
        source: Iterable[str] = (),
        type: Iterable[str] = (),
        limit: int = 500,
        wait: int = 30,
        until_caught_up: bool = False,
    ) -> Iterator[FeedPage]:
        """See `Client.feed_pages`; all but `after` is passed over."""
        return self._script.pages(after)

    def feed(
        self,
        *,
        after: str | None = None,
        since: datetime | None = None,
        partitions: str | None = None,
        component: Iterable[str] = (),
        source: Iterable[str] = (),
        type: Iterable[str] = (),
        limit: int = 500,
        wait: int = 30,
        checkpoint: Callable[[str], object] | None = None,
        until_caught_up: bool = False,
    ) -> Iterator[FareEvent]:
        """See `Client.feed`; all but `after` and `checkpoint` is passed over."""
        for page in self._script.pages(after):
            yield from page.events
            if checkpoint is not None:
                done_at_once(checkpoint(page.cursor), "checkpoint")


class AsyncFeedDouble:
    """`FeedDouble` for an event loop."""

    def __init__(
        self, events: Iterable[FareEvent], *, seed: int = 0, duplicates: float = 0.2, replays: float = 0.2
    ) -> None:
        self._script = _script(events, seed, duplicates, replays)

    async def feed_pages(
        self,
        *,
        after: str | None = None,
        since: datetime | None = None,
        partitions: str | None = None,
        component: Iterable[str] = (),
        source: Iterable[str] = (),
        type: Iterable[str] = (),
        limit: int = 500,
        wait: int = 30,
        until_caught_up: bool = False,
    ) -> AsyncIterator[FeedPage]:
        """See `FeedDouble.feed_pages`."""
        for page in self._script.pages(after):
            yield page

    async def feed(
        self,
        *,
        after: str | None = None,
        since: datetime | None = None,
        partitions: str | None = None,
        component: Iterable[str] = (),
        source: Iterable[str] = (),
        type: Iterable[str] = (),
        limit: int = 500,
        wait: int = 30,
        checkpoint: Callable[[str], object] | None = None,
        until_caught_up: bool = False,
    ) -> AsyncIterator[FareEvent]:
        """See `FeedDouble.feed`; `checkpoint` may be a coroutine."""
        for page in self._script.pages(after):
            for event in page.events:
                yield event
            if checkpoint is not None:
                done = checkpoint(page.cursor)
                if isawaitable(done):
                    await done


def _script(events: Iterable[FareEvent], seed: int, duplicates: float, replays: float) -> _Script:
    if not (0 <= duplicates <= 1 and 0 <= replays <= 1):
        raise ValueError("duplicates and replays are shares, from 0 to 1")
    logs: dict[int, list[FareEvent]] = {}
    for event in sorted(events, key=_place):
        logs.setdefault(event.partition, []).append(event)
    return _Script(logs, seed, duplicates, replays)


def _place(event: FareEvent) -> tuple[int, int]:
    return event.partition, event.position
