"""One answer of the feed: from where, a page, and if nothing is there yet, a wait for more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from time import monotonic
from typing import Final

from django.db import connection

from events import metrics, sql
from events.errors import CursorInvalid
from events.event import FareEvent
from events.following.cursor import Cursor
from events.following.reading import Standing, Wanted, read_page, standing
from events.following.waiting import WaitRefused, waiting

LOOK_AGAIN_SECONDS: Final = 5.0
"""How long a waiting reader relies on being woken: a wake-up is lost where a process is killed between the two."""


class Tail(Enum):
    """The place after everything that is there now."""

    NOW = "tail"


Place = Cursor | Tail | datetime | None
"""Where to read on: at a cursor, at the end, at the first event recorded at or after a time; None: at the start."""


@dataclass(frozen=True, slots=True)
class Range:
    """What was examined of one partition: after < position <= upto."""

    partition: int
    after: int
    upto: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Events in position order within each partition, and the proof of what was examined for them."""

    events: list[FareEvent]
    ranges: list[Range]
    """Of the partitions that had something to examine."""
    next: Cursor
    caught_up: bool
    """Whether nothing more was there to examine when it was read."""
    wait_refused: bool
    """Whether there was nothing to answer, a wait was asked for, and too many waited already."""


def follow(
    place: Place,
    *,
    partitions: Sequence[int] | None = None,
    limit: int = 100,
    wait: float = 0,
    wanted: Wanted = Wanted(),  # noqa: B008 - frozen
) -> Answer:
    """Examines up to `limit` events; where none of them is wanted, waits up to `wait` seconds for one that is.

    With a filter, what is examined while waiting counts towards `limit`, too: the answer comes at the first event that
    is wanted, when `limit` are examined or when the time is up, and the cursor has moved past all of them.

    `partitions`: those to read, in order; None: all that the cursor covers, at the start all there are. Others that the
    cursor covers stay where they are. Raises CursorInvalid.
    """
    until = monotonic() + wait
    at = standing()
    reader = _Reader(_cursor(place, partitions, at), partitions, limit, wanted)
    reader.read(at)
    if reader.is_done or wait == 0:
        return reader.answer()
    try:
        reader.wait(until)
    except WaitRefused:
        return reader.answer(wait_refused=True)
    return reader.answer()


class _Reader:
    """One call: where it began, where it is, and what it found."""

    def __init__(self, start: Cursor, partitions: Sequence[int] | None, limit: int, wanted: Wanted) -> None:
        self._partitions = sorted(start.positions if partitions is None else partitions)
        _require_covered(start, self._partitions)
        self._start = self._at = start
        self._limit = limit
        self._wanted = wanted
        self._events: list[FareEvent] = []
        self._caught_up = False

    @property
    def is_done(self) -> bool:
        return bool(self._events) or self._examined >= self._limit

    def read(self, at: Standing) -> None:
        """Examines what is there. Raises CursorInvalid, also where the epoch was raised meanwhile."""
        _require_known(self._at, at)
        left = self._limit - self._examined
        self._events, self._at = read_page(self._at, self._partitions, left, self._wanted, at.heads)
        self._caught_up = all(self._at.positions[p] == at.heads[p] for p in self._partitions)

    def wait(self, until: float) -> None:
        """Reads on as logs grow, until it is done, the time is up or the process stops. Raises WaitRefused.

        No transaction is open meanwhile, and no connection is taken but the one that this thread has anyway.
        """
        here = waiting()
        with here.waiter(self._partitions) as waiter, metrics.FEED_WAITING.track_inprogress():
            self.read(standing())  # what was appended before somebody listened
            while not self.is_done and not here.stopping and (left := until - monotonic()) > 0:
                waiter.wait(min(left, LOOK_AGAIN_SECONDS))
                self.read(standing())

    def answer(self, *, wait_refused: bool = False) -> Answer:
        return Answer(self._events, self._ranges(), self._at, self._caught_up, wait_refused)

    @property
    def _examined(self) -> int:
        return sum(examined.upto - examined.after for examined in self._ranges())

    def _ranges(self) -> list[Range]:
        """From the place where the call began, however many pages it took."""
        before, now = self._start.positions, self._at.positions
        return [Range(p, before[p], now[p]) for p in self._partitions if before[p] != now[p]]


def _cursor(place: Place, partitions: Sequence[int] | None, at: Standing) -> Cursor:
    """The place as a cursor, which covers the partitions that are asked for if it is a new one."""
    if isinstance(place, Cursor):
        return place
    if place is Tail.NOW:
        positions = at.heads
    elif isinstance(place, datetime):
        positions = _recorded_before(place)
    else:
        positions = dict.fromkeys(at.heads, 0)
    covered = at.heads if partitions is None else partitions
    return Cursor(at.ledger, {partition: positions[partition] for partition in covered})


def _recorded_before(instant: datetime) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("positions_recorded_before"), {"recorded_before": instant})
        return dict(cursor.fetchall())


def _require_covered(cursor: Cursor, partitions: Sequence[int]) -> None:
    missing = [partition for partition in partitions if partition not in cursor.positions]
    if missing:
        raise CursorInvalid(
            f"the cursor does not cover partition {missing[0]}: read on where it does, or join it with one that covers"
            " the others, as `after=one,other`"
        )


def _require_known(cursor: Cursor, at: Standing) -> None:
    """Raises CursorInvalid for a place that this ledger does not have: what came to be there would be another's."""
    if cursor.ledger.ledger_id != at.ledger.ledger_id:
        raise CursorInvalid("the cursor is of another ledger")
    if cursor.ledger.epoch != at.ledger.epoch:
        raise CursorInvalid(
            f"the cursor is of epoch {cursor.ledger.epoch}, the ledger is in epoch {at.ledger.epoch}: a restore lost"
            " events that may have been read"
        )
    for partition, position in cursor.positions.items():
        head = at.heads.get(partition)
        if head is None:
            raise CursorInvalid(f"the ledger has no partition {partition}")
        if position > head:
            raise CursorInvalid(
                f"the cursor is at position {position} of partition {partition}, whose log ends at {head}"
            )
