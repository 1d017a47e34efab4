"""A page of the feed: where the logs end, which ranges a page examines, and their events.

The ends are read first, and a page never goes beyond them. Appends to a log take turns and commit in the order of their
positions: whoever sees position p sees all before it, in this snapshot and in every later one. So the ranges of a page
hold every event that there is, and ever will be, at these positions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from events import sql
from events.event import SELECTED, EventType, FareEvent
from events.feed import Identity
from events.following.cursor import Cursor

MAX_BYTES: Final = 4 * 1024 * 1024
"""Of metadata in one page: with the event that reaches it, the page ends. All else of an event is small."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Which ledger it is, and the last position of each of its logs, 0 where it is empty."""

    ledger: Identity
    heads: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the examined events are answered: those that meet each list that is given."""

    components: Sequence[str] | None = None
    sources: Sequence[str] | None = None
    types: Sequence[EventType] | None = None


def standing() -> Standing:
    """One statement, one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("feed_heads"))
        rows = cursor.fetchall()
    ledger_id, epoch = rows[0][:2]
    return Standing(Identity(ledger_id, epoch), {partition: head for _, _, partition, head in rows})


def read_page(
    cursor: Cursor, partitions: Sequence[int], limit: int, wanted: Wanted, heads: Mapping[int, int]
) -> tuple[list[FareEvent], Cursor]:
    """Examines up to `limit` events after the cursor; answers those that are wanted, and where that leads.

    It examines fewer where what it answers would be larger than a page may be.
    """
    order = _in_turn(partitions, cursor.begin)
    upto = _share(cursor.positions, order, limit, heads)
    if not upto:
        return [], cursor
    events, upto = _bounded(_events(cursor.positions, upto, wanted), upto)
    last = order.index(list(upto)[-1])
    begin = order[(last + 1) % len(order)]
    return events, cursor.moved(upto, begin)


def _in_turn(partitions: Sequence[int], begin: int) -> list[int]:
    """The partitions in order, from `begin` around."""
    return [p for p in partitions if p >= begin] + [p for p in partitions if p < begin]


def _share(
    positions: Mapping[int, int], order: Sequence[int], limit: int, heads: Mapping[int, int]
) -> dict[int, int]:
    """The last position that the page examines of each partition, for those that it comes to, in their order.

    One after the other gives what it has. The next page begins after the last one, so each comes first in its turn.
    """
    upto: dict[int, int] = {}
    for partition in order:
        examined = min(limit, heads[partition] - positions[partition])
        if examined:
            upto[partition] = positions[partition] + examined
            limit -= examined
    return upto


def _events(positions: Mapping[int, int], upto: Mapping[int, int], wanted: Wanted) -> list[FareEvent]:
    """The wanted events of these ranges: partitions in the order of `upto`, positions in theirs."""
    places = range(max(upto) + 1)
    parameters: dict[str, Any] = {
        "partitions": list(upto),
        "after": [positions.get(place, 0) for place in places],
        "upto": [upto.get(place, 0) for place in places],
        "limit": max(upto[partition] - positions[partition] for partition in upto),
        "components": _list(wanted.components),
        "sources": _list(wanted.sources),
        "types": _list(wanted.types),
    }
    found: dict[int, list[FareEvent]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("feed_page").replace(":columns", SELECTED), parameters)
        for row in cursor.fetchall():
            event = FareEvent.from_row(row)
            found[event.partition].append(event)
    return [
        event for partition in upto for event in sorted(found[partition], key=lambda event: event.position)
    ]


def _bounded(events: list[FareEvent], upto: dict[int, int]) -> tuple[list[FareEvent], dict[int, int]]:
    """The first of these events, as many as make a page, and the ranges as far as they then go."""
    size = 0
    for count, event in enumerate(events, 1):
        size += len((event.metadata_text or "").encode())
        if size >= MAX_BYTES:
            examined = list(upto)[: list(upto).index(event.partition)]
            return events[:count], {p: upto[p] for p in examined} | {event.partition: event.position}
    return events, upto


def _list(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else [str(value) for value in values]
