"""The bookings of the same customer beside one: two look-ups in the index of references, however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from events.partitions import partition_of
from projections.sql import statement


@dataclass(frozen=True, slots=True)
class SameCustomer:
    """Which customer a booking names, and that customer's bookings before and after it, in order of their ids."""

    reference: str
    previous: str | None
    next: str | None


def same_customer(booking_id: str) -> SameCustomer | None:
    """None if the view knows no customer of the booking. Which keys of metadata name one: those that begin so."""
    keys = [key for key in settings.FAREHISTORY_SEARCH_KEYS if key.startswith("customer")]
    place: dict[str, Any] = {"partition": partition_of(booking_id), "booking_id": booking_id, "keys": keys}
    with connection.cursor() as cursor:
        cursor.execute(statement("customer_of_booking"), place)
        named = cursor.fetchone()
        if named is None:
            return None
        key, reference = named
        cursor.execute(
            statement("neighbours_by_reference"),
            {"key": key, "value": reference, "booking_id": booking_id},
        )
        previous, following = cursor.fetchone()
    return SameCustomer(reference, previous, following)
