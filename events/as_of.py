"""A booking's fare as it was: at a version, as we knew it at a time, as things stood at a time, or all of these.

Up to a version, and so up to when it was recorded, the ledger has the fare ready in its rows. What had *happened* by a
time is another matter: events are recorded late, so those that count are folded, in the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.db import connection

from events import history
from events.errors import NothingYet, UnknownEvent
from events.event import FareEvent
from events.fold import Fare
from events.money import from_minor
from events.partitions import partition_of
from events.sql import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Which events count: those that meet every bound that is given. Times are exclusive, the version is the last."""

    version: int | None = None
    recorded_before: datetime | None = None
    """What we knew then."""
    occurred_before: datetime | None = None
    """What had happened by then."""

    def __bool__(self) -> bool:
        return any(bound is not None for bound in (self.version, self.recorded_before, self.occurred_before))


@dataclass(frozen=True, slots=True, kw_only=True)
class FareAsOf:
    """What the events that count make of the fare."""

    last: FareEvent
    """The latest of them, as it stands in the ledger."""
    first_version: int
    events: int
    components: dict[str, Decimal]
    """In the order in which they first appeared; sums to `fare`."""
    complete: bool
    """Whether a SET is among them: without one, this is only what the others add and take off."""

    @property
    def fare(self) -> Decimal:
        return sum(self.components.values(), Decimal(0))

    @classmethod
    def after(cls, event: FareEvent) -> Self:
        """The fare as this event left it."""
        return cls(
            last=event, first_version=1, events=event.version, components=event.components, complete=True
        )


def fare_as_of(booking_id: str, bounds: Bounds) -> FareAsOf:
    """The fare by the events that meet these bounds, in version order.

    Raises UnknownBooking; UnknownEvent for a version that the booking does not have; NothingYet if none meets them.
    """
    version = _last_version(booking_id, bounds)
    if version == 0:
        raise _nothing(booking_id)
    if bounds.occurred_before is None:
        return FareAsOf.after(history.event_of(booking_id, version))
    return _folded(booking_id, version, bounds.occurred_before)


def events_as_of(booking_id: str, bounds: Bounds, *, before_version: int, limit: int) -> list[FareEvent]:
    """The newest events before a version that meet `occurred_before`, at most `limit`, in version order.

    Where that leaves some out, `fare`, `change` and `components` are what the others come to by themselves.
    """
    happened = bounds.occurred_before
    events = history.events_of(
        booking_id, before_version=before_version, occurred_before=happened, limit=limit
    )
    if happened is None or not events:
        return events
    try:
        before = _folded(booking_id, events[0].version - 1, happened).components
    except NothingYet:
        before = {}
    return by_themselves(events, before)


def by_themselves(events: Sequence[FareEvent], components: Mapping[str, Decimal]) -> list[FareEvent]:
    """The events as if no others had moved the fare, from this breakdown on."""
    alone = []
    fare = Fare(1, dict(components))  # not 0: what is folded here need not begin with a SET
    for event in events:
        after = fare.after(event)
        change = after.amount - fare.amount
        alone.append(replace(event, fare=after.amount, change=change, components=after.components))
        fare = after
    return alone


def version_recorded_before(booking_id: str, instant: datetime) -> int:
    """The last version that was recorded before this time; 0 if none was, or the ledger does not know the booking."""
    return _one("version_recorded_before", booking_id, recorded_before=instant)[0] or 0


def _last_version(booking_id: str, bounds: Bounds) -> int:
    """The last version that the first two bounds let in, 0 if none."""
    head = history.last_of(booking_id).version
    version = head if bounds.version is None else bounds.version
    if not 0 < version <= head:
        raise UnknownEvent(f"booking {booking_id} has no version {version}")
    if bounds.recorded_before is None:
        return version
    return min(version, version_recorded_before(booking_id, bounds.recorded_before))


def _folded(booking_id: str, version: int, occurred_before: datetime) -> FareAsOf:
    first, last, events, complete, names, amounts = _one(
        "fold_occurred", booking_id, version=version, occurred_before=occurred_before
    )
    if not events:
        raise _nothing(booking_id)
    event = history.event_of(booking_id, last)
    components = (from_minor(int(minor), event.exponent) for minor in amounts)
    return FareAsOf(
        last=event,
        first_version=first,
        events=events,
        components=dict(zip(names, components, strict=True)),
        complete=complete,
    )


def _one(name: str, booking_id: str, **parameters: Any) -> Any:
    place: dict[str, Any] = {"partition": partition_of(booking_id), "booking_id": booking_id}
    with connection.cursor() as cursor:
        cursor.execute(statement(name), place | parameters)
        return cursor.fetchone()


def _nothing(booking_id: str) -> NothingYet:
    return NothingYet(f"booking {booking_id} has no event within these bounds")
