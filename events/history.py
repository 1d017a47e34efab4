"""One booking's history, read from the ledger itself: always the newest."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from events.errors import UnknownBooking, UnknownEvent
from events.event import SELECTED, FareEvent
from events.new_event import BOOKING_ID, MAX_VERSION
from events.partitions import partition_of

_SELECT = f"""
    SELECT {SELECTED}
    FROM ledger.fare_event
    WHERE partition = %s AND booking_id = %s
"""  # noqa: S608 - made of constants


def events_of(
    booking_id: str,
    *,
    after_version: int = 0,
    before_version: int | None = None,
    occurred_before: datetime | None = None,
    limit: int | None = None,
) -> list[FareEvent]:
    """The booking's events with after_version < version < before_version, in version order, at most `limit`.

    Where only an upper bound is given with a limit, the newest of them: the page that ends there. Of all of them
    only those that had occurred before a time, if one is given.
    Raises UnknownBooking if the ledger has no event of the booking at all.
    """
    newest_first = before_version is not None and after_version == 0
    rest = "AND version > %s AND version < %s "
    bounds: list[Any] = [after_version, MAX_VERSION + 1 if before_version is None else before_version]
    if occurred_before is not None:
        rest += "AND coalesce(occurred_at, recorded_at) < %s "
        bounds.append(occurred_before)
    rest += f"ORDER BY version {'DESC' if newest_first else 'ASC'} LIMIT %s"
    events = _read(booking_id, rest, [*bounds, limit])
    if not events and head_of(booking_id) is None:
        raise _unknown(booking_id)
    return events[::-1] if newest_first else events


def event_of(booking_id: str, version: int) -> FareEvent:
    """The event that made this version. Raises UnknownBooking, UnknownEvent."""
    if 0 < version <= MAX_VERSION:
        # Not simply `version = %s`: where the planner thinks that bookings are short, any index of the booking is as
        # good to it, and another than that of versions reads the whole booking.
        events = _read(booking_id, "AND version <= %s ORDER BY version DESC LIMIT 1", [version])
        if events and events[0].version == version:
            return events[0]
    if head_of(booking_id) is None:
        raise _unknown(booking_id)
    raise UnknownEvent(f"booking {booking_id} has no version {version}")


def head_of(booking_id: str) -> FareEvent | None:
    """The booking's last event, whose fare is the fare; None if the ledger does not know the booking."""
    events = _read(booking_id, "ORDER BY version DESC LIMIT 1", [])
    return events[0] if events else None


def last_of(booking_id: str) -> FareEvent:
    """The same of a booking that must be known. Raises UnknownBooking."""
    head = head_of(booking_id)
    if head is None:
        raise _unknown(booking_id)
    return head


def set_after(booking_id: str, version: int) -> FareEvent | None:
    """The first SET after this version: from it on, what was there before no longer counts."""
    bounds = [version, "SET"]
    events = _read(booking_id, "AND version > %s AND type = %s ORDER BY version LIMIT 1", bounds)
    return events[0] if events else None


def event_of_transaction(booking_id: str, transaction_id: UUID) -> FareEvent | None:
    """The event that this transaction id made, if it made one."""
    events = _read(booking_id, "AND transaction_id = %s", [transaction_id])
    return events[0] if events else None


def _read(booking_id: str, rest: str, params: list[Any]) -> list[FareEvent]:
    if not BOOKING_ID.fullmatch(booking_id):
        return []  # no booking can have such an id
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + rest, [partition_of(booking_id), booking_id, *params])
        return [FareEvent.from_row(row) for row in cursor.fetchall()]


def _unknown(booking_id: str) -> UnknownBooking:
    return UnknownBooking(f"the ledger has no event of booking {booking_id!a}")
