"""Following the feed: every event once, in order, with the proof that none was skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from farehistory_client import _times
from farehistory_client._calls import Calls
from farehistory_client._errors import Skipped
from farehistory_client._fares import FareEvent
from farehistory_client._retry import LONGEST_ASKED, UNENDING, Retries, Spending
from farehistory_client._steps import Steps, Wait
from farehistory_client._wire import Answer, Request, event_of

TAIL: Final = "tail"
"""A cursor after all that is there now."""

REFUSED_WAIT: Final = 1.0
"""Seconds until a platform is asked again on which too many wait already, if it does not say."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a page examined of a partition: `after` < position ≤ `upto`."""

    partition: int
    after: int
    upto: int


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events in position order within each partition, and where to go on: keep `cursor` with what you made of them."""

    events: Sequence[FareEvent]
    cursor: str
    caught_up: bool
    """Whether nothing more was there."""
    ranges: Sequence[Range]


def share(consumer: int, *, of: int, partitions: int) -> str:
    """The partitions of one of several consumers, counted from 0: `share(1, of=4, partitions=64)` is "16-31".

    Together they have all partitions, each one once. How many the ledger has is its operator's choice, 64 unless they
    chose otherwise, and never changes; with too few, events would go unread.
    """
    if not 0 <= consumer < of <= partitions:
        raise ValueError(f"consumer {consumer} of {of} has no share of {partitions} partitions")
    first, end = consumer * partitions // of, (consumer + 1) * partitions // of
    return str(first) if end - first == 1 else f"{first}-{end - 1}"


class Following:
    """Where a consumer is in the feed. No I/O: `next_page` gives the steps."""

    def __init__(
        self,
        calls: Calls,
        *,
        after: str | None,
        partitions: str | None,
        since: datetime | None,
        filters: Mapping[str, Sequence[str]],
        limit: int,
        wait: int,
        until_caught_up: bool,
    ) -> None:
        if after is not None and since is not None:
            raise ValueError(
                "`since` says where a consumer begins, `after` where it reads on: give one of them"
            )
        self.cursor = after
        self._since = since
        self._is_whole = after is None and since is None  # so each partition begins with its first position
        self._calls = calls
        self._filtered = bool(filters)
        self._wait = 0 if until_caught_up else wait
        self._budget: Retries = calls.retries if until_caught_up else UNENDING
        self._parameters = {"limit": str(limit)} | ({} if partitions is None else {"partitions": partitions})
        self._parameters |= {name: ",".join(values) for name, values in filters.items()}
        self._reached: dict[int, int] = {}

    def next_page(self) -> Steps[FeedPage]:
        """Waits for it, through restarts of the server, however long; until caught up, within the client's budget.

        Raises Skipped, CursorInvalid.
        """
        # A wait at the tail that is cut would begin anew at another tail, and what came in between be left out.
        wait = 0 if self.cursor == TAIL else self._wait
        parameters = self._parameters | self._place() | {"wait": str(wait)}
        request = Request("GET", "events", parameters, waits=float(wait))
        page, refused = yield from self._calls.exchange(request, self._read, Spending(self._budget))
        if refused is not None:
            yield Wait(refused)
        return page

    def _read(self, answer: Answer) -> tuple[FeedPage, float | None]:
        """The page, and how long to wait before the next where this one was not waited for."""
        document = answer.json()
        page = self._proven(document)
        if not document["wait_refused"]:
            return page, None
        return page, min(answer.retry_after or REFUSED_WAIT, LONGEST_ASKED)

    def _place(self) -> dict[str, str]:
        if self.cursor is not None:
            return {"after": self.cursor}
        return {} if self._since is None else {"from": _times.text_of(self._since, "since")}

    def passed(self, page: FeedPage) -> None:
        """The page is behind us."""
        self.cursor = page.cursor
        self._reached |= {each.partition: each.upto for each in page.ranges}

    def _proven(self, document: Mapping[str, Any]) -> FeedPage:
        """The page, if it follows the one before it and has every position that it says."""
        events = tuple(event_of(each, self._calls.codecs) for each in document["results"])
        ranges = tuple(Range(each["partition"], each["after"], each["upto"]) for each in document["ranges"])
        positions: dict[int, list[int]] = {}
        for event in events:
            positions.setdefault(event.partition, []).append(event.position)
        for each in ranges:
            reached = self._reached.get(each.partition, 0 if self._is_whole else each.after)
            if each.after != reached:
                raise Skipped(each.partition, reached + 1, each.after + 1)
            self._check(each, positions.pop(each.partition, []))
        for partition, found in positions.items():  # of no range
            raise Skipped(partition, self._reached.get(partition, 0) + 1, found[0])
        return FeedPage(events, document["next"], document["caught_up"], ranges)

    def _check(self, of: Range, positions: Sequence[int]) -> None:
        if self._filtered:
            if list(positions) != sorted(set(positions)) or any(
                not of.after < position <= of.upto for position in positions
            ):
                outside = next((p for p in positions if not of.after < p <= of.upto), positions[0])
                raise Skipped(of.partition, of.after + 1, outside)
            return
        for expected in range(of.after + 1, of.upto + 1):
            found = positions[expected - of.after - 1] if expected - of.after <= len(positions) else None
            if found != expected:
                raise Skipped(of.partition, expected, found)
        if len(positions) > of.upto - of.after:
            raise Skipped(of.partition, of.upto + 1, positions[of.upto - of.after])
