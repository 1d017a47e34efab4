"""Past fares as callers get them: the same document as that of the fare of now, read from the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from events import history
from events.api.representation import event_as_json
from events.as_of import Bounds, FareAsOf, fare_as_of
from events.diff import Difference, FareDiff
from events.event import FareEvent
from events.money import format_amount
from projections.fare import Fare, fare_as_json


def past_fare_as_json(booking_id: str, bounds: Bounds) -> dict[str, Any]:
    """The fare by the events that meet the bounds, and whether a SET is among them (`complete`).

    Raises UnknownBooking, UnknownEvent.
    """
    then = fare_as_of(booking_id, bounds)
    return {**fare_as_json(_fare_of(then)), "complete": then.complete}


def _fare_of(then: FareAsOf) -> Fare:
    last = then.last
    first = (
        last if last.version == then.first_version else history.event_of(last.booking_id, then.first_version)
    )
    return Fare(
        booking_id=last.booking_id,
        fare=then.fare,
        currency=last.currency,
        exponent=last.exponent,
        version=last.version,
        components=then.components,
        events=then.events,
        first_recorded_at=first.recorded_at,
        recorded_at=last.recorded_at,
        occurred_at=last.occurred_at,
        consistency="strong",
    )


def diff_as_json(diff: FareDiff) -> dict[str, Any]:
    """Both states, what changed in each component, and the events in between; `next`: where more of them begin."""
    exponent = diff.head.exponent
    last = diff.events[-1].version if diff.events else 0
    more = len(diff.events) < diff.events_between
    return {
        "booking_id": diff.head.booking_id,
        "currency": diff.head.currency,
        "exponent": exponent,
        "from": _state(diff.before, diff.fares.before, exponent),
        "to": _state(diff.after, diff.fares.after, exponent),
        "change": format_amount(diff.fares.change, exponent),
        "components": {each.component: _difference(each, exponent) for each in diff.components},
        "events": [event_as_json(event) for event in diff.events],
        "next": str(last) if more else None,
    }


def _state(event: FareEvent | None, fare: Decimal, exponent: int) -> dict[str, Any]:
    return {"version": event.version if event else 0, "fare": format_amount(fare, exponent)}


def _difference(each: Difference, exponent: int) -> dict[str, str]:
    amounts = {"before": each.before, "after": each.after, "change": each.change}
    return {name: format_amount(amount, exponent) for name, amount in amounts.items()}
