"""Which events an export takes, and where in the ledger they can be: ranges of positions, read by its primary key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Self

from django.db import connection

from events import feed, sql
from events.api.representation import time_as_json
from events.event import SELECTED, FareEvent
from events.history import head_of
from events.instants import parse_instant

AT_ONCE: Final = 500
"""Events that one statement answers with, at most: also with the largest metadata a few megabytes."""

LOOKED_AT_ONCE: Final = 20_000
"""Positions that one statement looks at, at most: some tens of milliseconds where none of them is asked for."""


@dataclass(frozen=True, slots=True)
class Range:
    """Part of a partition's log, or of one booking's history: after < position (or version) <= upto."""

    partition: int
    after: int
    upto: int

    def __len__(self) -> int:
        return max(0, self.upto - self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFilter:
    """What an event must be like to be taken; empty: whatever."""

    booking_id: str = ""
    component: str = ""
    source: str = ""
    currency: str = ""
    corrections: bool = False
    """Only events that correct another."""
    since: datetime | None = None
    until: datetime | None = None
    """Recorded before this."""

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self:
        """As a run has it."""
        times = {name: parse_instant(kept[name]) for name in ("since", "until") if kept.get(name)}
        return cls(**{**kept, **times})

    def kept(self) -> dict[str, Any]:
        """For a run, and for the audit: only what is asked for."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: time_as_json(value) if isinstance(value, datetime) else value
            for name, value in given.items()
            if value
        }

    def ranges(self) -> list[Range]:
        """All that has to be looked at, as the ledger is now: later events are not taken.

        A period is exact, since within a partition times never run backwards; the other filters are asked of each
        event in it.
        """
        if self.booking_id:
            head = head_of(self.booking_id)
            return [] if head is None else [Range(head.partition, 0, head.version)]
        lows = {} if self.since is None else _recorded_before(self.since)
        highs = feed.heads() if self.until is None else _recorded_before(self.until)
        found = (Range(partition, lows.get(partition, 0), high) for partition, high in sorted(highs.items()))
        return [each for each in found if len(each)]

    def page(self, part: Range) -> tuple[list[FareEvent], int]:
        """The first events of a range, in order, at most AT_ONCE; and up to where that was looked at.

        A range of LOOKED_AT_ONCE is short work, since it is read by the key and left as soon as there are enough.
        """
        where, values = self._where(part)
        text = (
            f"SELECT {SELECTED} FROM ledger.fare_event WHERE {where} ORDER BY {self._order} LIMIT {AT_ONCE}"  # noqa: S608 - constants
        )
        with connection.cursor() as cursor:
            cursor.execute(text, values)
            events = [FareEvent.from_row(row) for row in cursor.fetchall()]
        return events, getattr(events[-1], self._order) if len(events) == AT_ONCE else part.upto

    def count(self, parts: Sequence[Range]) -> int:
        """How many events of these ranges are taken."""
        return sum(self._count(each) for part in parts for each in pieces(part))

    def _count(self, part: Range) -> int:
        where, values = self._where(part)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ledger.fare_event WHERE {where}", values)  # noqa: S608 - made of constants
            return int(cursor.fetchone()[0])

    @property
    def _order(self) -> str:
        return "version" if self.booking_id else "position"

    def _where(self, part: Range) -> tuple[str, list[Any]]:
        """Bounds of the log's primary key, or of a booking's versions, and what is asked of each event there."""
        conditions = ["partition = %s", f"{self._order} > %s", f"{self._order} <= %s"]
        values: list[Any] = [part.partition, part.after, part.upto]
        for name in ("booking_id", "component", "source", "currency"):
            if asked := getattr(self, name):
                conditions.append(f"{name} = %s")
                values.append(asked)
        if self.corrections:
            conditions.append("correction_id IS NOT NULL")
        if self.booking_id:
            for bound, sign in ((self.since, ">="), (self.until, "<")):
                if bound is not None:
                    conditions.append(f"recorded_at {sign} %s")
                    values.append(bound)
        return " AND ".join(conditions), values


def pieces(part: Range, most: int = LOOKED_AT_ONCE) -> Iterator[Range]:
    """The range cut into ranges of at most so many."""
    for after in range(part.after, part.upto, most):
        yield Range(part.partition, after, min(after + most, part.upto))


def _recorded_before(instant: datetime) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("positions_recorded_before"), {"recorded_before": instant})
        return dict(cursor.fetchall())
