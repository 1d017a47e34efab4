"""Finding fares by their events. Lists are walked in the order of an index, a bounded number of events for a page.

So a page costs the same at any size of the ledger and whatever is asked for: where few of many events meet the
filters, it may have few fares on it, or none, and says how far it looked; the next goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Self
from uuid import UUID

from django.db import connection

from events import feed
from events.money import MAX_MINOR_UNITS, from_minor, to_minor
from projections import checkpoints
from projections.event_filter import EventFilter, with_filters
from projections.planning import only_along_indexes
from projections.projectors.event_search import EventSearchProjector
from projections.sql import statement

EXAMINED: Final = 2_500
"""Events that a page looks at, at most, in each walk."""
MOST_KINDS: Final = 1000
"""Pairs of a component and a source among which those of one component, or of one source, are looked for."""
MOST_WALKS: Final = 40
"""Pairs that are walked apart for one page; where more would have to be, all events are walked by time."""

_NEWEST: Final = ("recorded_at", "partition", "booking_id", "version")
_HIGHEST: Final = ("fare_minor", *_NEWEST)


@dataclass(frozen=True, slots=True)
class EventHit:
    """An event that meets the filters."""

    recorded_at: datetime
    partition: int
    booking_id: str
    version: int
    fare_minor: int
    currency: str
    exponent: int
    component: str
    source: str
    is_correction: bool

    @property
    def fare(self) -> Decimal:
        """The fare after it."""
        return from_minor(self.fare_minor, self.exponent)

    def key(self, order: Sequence[str]) -> tuple[Any, ...]:
        """Its place in a list."""
        return tuple(getattr(self, name) for name in order)


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of a list: of each booking the newest event that meets the filters."""

    events: Sequence[EventHit]
    next_after: tuple[Any, ...] | None = None
    """Where the next page begins; None: there is none."""
    looked_back_to: datetime | None = None
    """Where looking ended for now, if that was before the page was full and the list goes from the newest."""


@dataclass(frozen=True, slots=True)
class _Walk:
    """A range of an index, read from its end."""

    which: str = "true"
    values: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def along(cls, **values: Any) -> Self:
        """Where these columns have these values."""
        which = " AND ".join(f"event.{name} = %(in_{name})s" for name in values)
        return cls(which, {f"in_{name}": value for name, value in values.items()})


def order_of(wanted: EventFilter) -> tuple[str, ...]:
    """The columns by which a list goes down: a range of amounts alone from the highest, all else from the newest."""
    return _HIGHEST if is_by_amount(wanted) else _NEWEST


def find(wanted: EventFilter, *, after: tuple[Any, ...] | None = None, limit: int = 50) -> Hits:
    """A page of the list. `after`: the `next_after` of the page before."""
    order = order_of(wanted)
    hits: list[EventHit] = []
    ends: list[EventHit] = []
    walks = list(_walks(wanted))
    with only_along_indexes():
        for walk in walks:
            found = _Reader(walk, wanted, order, after)
            some = found.hits(limit + 1)
            hits += some
            if len(some) <= limit and (end := found.end()):
                ends.append(end)
    # What is beyond the first walk to break off could come before hits of that walk that are not known yet.
    horizon = max((end.key(order) for end in ends), default=None)
    ordered = sorted(hits, key=lambda hit: hit.key(order), reverse=True)
    if horizon is not None:
        ordered = [hit for hit in ordered if hit.key(order) >= horizon]
    if len(ordered) > limit:
        return Hits(ordered[:limit], ordered[limit - 1].key(order))
    reached = max((end.recorded_at for end in ends), default=None)
    return Hits(ordered, horizon, None if order == _HIGHEST else reached)


def newest_meeting(wanted: EventFilter, bookings: Sequence[tuple[int, str]]) -> dict[str, EventHit]:
    """Booking id → its newest event that meets the filters, of those of these (partition, id) that have one."""
    partitions, booking_ids = [place[0] for place in bookings], [place[1] for place in bookings]
    parameters = wanted.parameters() | {"partitions": partitions, "booking_ids": booking_ids}
    hits = (EventHit(*row) for row in _rows(with_filters("newest_meeting"), parameters))
    return {hit.booking_id: hit for hit in hits}


def events_of_transaction(transaction_id: UUID, *, limit: int = 50) -> list[tuple[int, str, int]]:
    """Partition, booking id and version of the events that it made: one, unless several bookings had the same id."""
    return _rows(statement("events_of_transaction"), {"transaction_id": transaction_id, "limit": limit})


def kinds() -> list[tuple[str, str]]:
    """The components and the sources that events have had, in pairs, in order; the first `MOST_KINDS`."""
    return _rows(statement("kinds_of_events"), {"most": MOST_KINDS})


def not_taken_yet() -> int:
    """Events of the ledger that the view does not have yet, so that nothing is found by them."""
    at = checkpoints.positions(EventSearchProjector.name)
    return sum(max(0, head - at.get(partition, 0)) for partition, head in feed.heads().items())


def currencies() -> list[str]:
    """The currencies that fares have been in, in order."""
    return list(dict.fromkeys(currency for currency, _ in _kinds_of_money()))


def _walks(wanted: EventFilter) -> Iterator[_Walk]:
    """What has to be read, of the indexes that there are, to find all events that can meet the filters."""
    if wanted.exact is not None:
        yield from _walks_of_amount(wanted.exact, wanted.currency)
    elif wanted.corrections:
        yield _Walk("event.is_correction")
    elif wanted.component and wanted.source:
        yield _Walk.along(component=wanted.component, source=wanted.source)
    elif wanted.component or wanted.source:
        yield from _walks_of_kinds(wanted)
    elif is_by_amount(wanted):
        yield from _walks_of_range(wanted)
    else:
        yield _Walk()


def is_by_amount(wanted: EventFilter) -> bool:
    """Whether a range of amounts is all that narrows the list, so that it goes down from the highest."""
    others = (wanted.corrections, wanted.component, wanted.source, wanted.since, wanted.until)
    bounded = wanted.lowest is not None or wanted.highest is not None
    return bounded and wanted.exact is None and bool(wanted.currency) and not any(others)


def _walks_of_kinds(wanted: EventFilter) -> Iterator[_Walk]:
    """A walk for each pair that the one component, or the one source, is in."""
    known = kinds()
    pairs = [
        (component, source)
        for component, source in known
        if wanted.component in ("", component) and wanted.source in ("", source)
    ]
    if len(pairs) > MOST_WALKS or len(known) >= MOST_KINDS:
        yield _Walk()
        return
    for component, source in pairs:
        yield _Walk.along(component=component, source=source)


def _walks_of_amount(amount: Decimal, currency: str) -> Iterator[_Walk]:
    for each, exponent in _kinds_of_money(currency):
        try:
            minor = to_minor(amount, exponent)
        except ValueError:
            continue  # no fare of so few decimals is that much
        yield _Walk.along(currency=each, exponent=exponent, fare_minor=minor)


def _walks_of_range(wanted: EventFilter) -> Iterator[_Walk]:
    bounds = wanted.parameters()
    for currency, exponent in _kinds_of_money(wanted.currency):
        at = _Walk.along(currency=currency, exponent=exponent)
        low, high = (bounds[name] and bounds[name][exponent] for name in ("lowest", "highest"))
        values = {
            "low": -MAX_MINOR_UNITS if low is None else low,
            "high": MAX_MINOR_UNITS if high is None else high,
        }
        yield _Walk(f"{at.which} AND event.fare_minor BETWEEN %(low)s AND %(high)s", at.values | values)


def _kinds_of_money(currency: str = "") -> list[tuple[str, int]]:
    """Currencies with their numbers of decimals: all, or of one."""
    return [kind for kind in _rows(statement("kinds_of_money"), {}) if currency in ("", kind[0])]


@dataclass(frozen=True, slots=True)
class _Reader:
    """One walk, as it is read for one page."""

    walk: _Walk
    wanted: EventFilter
    order: tuple[str, ...]
    after: tuple[Any, ...] | None

    def hits(self, limit: int) -> list[EventHit]:
        rows = _rows(self.text("event_hits"), self.parameters() | {"limit": limit})
        return [EventHit(*row) for row in rows]

    def end(self) -> EventHit | None:
        """The last event that was examined, if there may be more."""
        for examined, *row in _rows(self.text("walk_end"), self.parameters()):
            if examined == EXAMINED:
                return EventHit(*row)
        return None

    def text(self, name: str) -> str:
        columns = ", ".join(_column(column) for column in self.order)
        bounds = ", ".join(f"%(after_{column})s" for column in self.order)
        walk = with_filters("event_walk").replace(":which", self.walk.which)
        walk = walk.replace(":after", f"({columns}) < ({bounds})" if self.after else "true")
        text = with_filters(name).replace(":walk", walk)
        text = text.replace(":order", ", ".join(f"{_column(column)} DESC" for column in self.order))
        return text.replace(":reversed", columns)

    def parameters(self) -> dict[str, Any]:
        after = zip(self.order, self.after or (), strict=False)
        places = {f"after_{column}": value for column, value in after}
        return self.wanted.parameters() | self.walk.values | places | {"examined": EXAMINED}


def _column(name: str) -> str:
    """For comparing: ids byte by byte, whatever the database's collation, as walks are merged here."""
    return f'event.{name} COLLATE "C"' if name == "booking_id" else f"event.{name}"


def _rows(text: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
