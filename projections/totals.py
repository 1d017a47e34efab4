"""What days changed in the fares, from the view that counts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from events.money import from_minor
from projections.sql import statement


@dataclass(frozen=True, slots=True)
class Total:
    """What one source's events of one UTC day changed in one component."""

    day: date
    currency: str
    exponent: int
    """Decimals of the bookings that are summed here: a currency has two kinds if its setting was changed."""
    component: str
    source: str
    change: Decimal
    """Over all components, the change of the fares."""
    events: int
    """Events at this component; a SET that took it away from a fare is counted at its own."""


def totals(
    day_from: date,
    day_to: date,
    *,
    currency: str | None = None,
    component: str | None = None,
    source: str | None = None,
) -> list[Total]:
    """The totals of these UTC days, the last one included, in order of day, currency, component and source.

    Days are those on which events were recorded; without events there is no entry.
    """
    parameters = {
        "day_from": day_from,
        "day_to": day_to,
        "currency": currency,
        "component": component,
        "source": source,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("totals"), parameters)
        return [
            Total(day, code, exponent, name, by, from_minor(int(change), exponent), events)
            for day, code, exponent, name, by, change, events in cursor.fetchall()
        ]
