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

# The last event up to a version: one entry of the index of versions, which alone has this order. Asked for by the
# booking alone, any index of it is as good to a planner that thinks that bookings are short, and another one reads the
# whole booking. Where the booking has no such event, it is another booking's.
_LAST_UP_TO = f"""
    SELECT {SELECTED}
    FROM ledger.fare_event
    WHERE partition = %s AND (booking_id, version) <= (%s, %s)
    ORDER BY booking_id DESC, version DESC
    LIMIT 1
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
        event = _last_up_to(booking_id, version)
        if event is not None and event.version == version:
            return event
    if head_of(booking_id) is None:
        raise _unknown(booking_id)
    raise UnknownEvent(f"booking {booking_id} has no version {version}")


def head_of(booking_id: str) -> FareEvent | None:
    """The booking's last event, whose fare is the fare; None if the ledger does not know the booking."""
    return _last_up_to(booking_id, MAX_VERSION)


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


def _last_up_to(booking_id: str, version: int) -> FareEvent | None:
    events = _selected(_LAST_UP_TO, booking_id, [version])
    return events[0] if events and events[0].booking_id == booking_id else None


def _read(booking_id: str, rest: str, params: list[Any]) -> list[FareEvent]:
    return _selected(_SELECT + rest, booking_id, params)


def _selected(statement: str, booking_id: str, params: list[Any]) -> list[FareEvent]:
    if not BOOKING_ID.fullmatch(booking_id):
        return []  # no booking can have such an id
    with connection.cursor() as cursor:
        cursor.execute(statement, [partition_of(booking_id), booking_id, *params])
        return [FareEvent.from_row(row) for row in cursor.fetchall()]


def _unknown(booking_id: str) -> UnknownBooking:
    return UnknownBooking(f"the ledger has no event of booking {booking_id!a}")
