"""From a reference in metadata (a customer, an order, a trip …) to bookings. Every look-up is a range of an index."""

from __future__ import annotations

from typing import Any

from django.db import connection

from projections.projectors.booking_search import MAX_LENGTH
from projections.sql import statement

# Above every character that may follow a prefix: byte order of UTF-8 is that of code points.
AFTER_ANY_VALUE = "\U0010ffff"


def can_be_a_reference(value: str) -> bool:
    """Whether any event can name such a value so that it is found."""
    return 0 < len(value) <= MAX_LENGTH and "\0" not in value


def bookings_with(value: str, *, key: str | None = None, after: str = "", limit: int = 50) -> list[str]:
    """Ids of the bookings whose metadata names this value, under one key or under any, in byte order.

    `after`: the last id of the page before. What is in the ledger and not yet in the view is not found.
    """
    if not can_be_a_reference(value):
        return []
    return _first_column(
        "bookings_with_reference", {"value": value, "key": key, "after": after, "limit": limit}
    )


def references_beginning_with(prefix: str, *, limit: int = 50) -> list[str]:
    """Values that some booking names and that begin with this, each once, in byte order."""
    if not can_be_a_reference(prefix):
        return []
    bounds = {"low": prefix, "high": prefix + AFTER_ANY_VALUE, "limit": limit}
    return _first_column("references_by_prefix", bounds)


def _first_column(name: str, parameters: dict[str, Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return [row[0] for row in cursor.fetchall()]
