"""Reading fares: from the view that follows the ledger, or from the ledger itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from events import history
from events.errors import UnknownBooking, UnknownEvent
from events.new_event import BOOKING_ID
from events.partitions import partition_of
from projections.models import CurrentFare

Consistency = Literal["eventual", "strong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fare:
    """What a booking costs, and how that was read. Amounts carry all decimals of the currency."""

    booking_id: str
    fare: Decimal
    currency: str
    exponent: int
    version: int
    components: dict[str, Decimal]
    """The breakdown in the order in which components first appeared; sums to `fare`."""
    events: int
    first_recorded_at: datetime
    recorded_at: datetime
    """When the last event was recorded."""
    occurred_at: datetime
    """When the last event happened."""
    consistency: Consistency
    """What answered: the view ("eventual") or the ledger ("strong")."""


def fare(booking_id: str, *, consistency: Consistency = "eventual", min_version: int = 0) -> Fare:
    """The booking's fare, of `min_version` or later.

    An eventual read asks the ledger where the view is behind: without the version asked for, or the booking.
    Raises UnknownBooking; UnknownEvent if the ledger itself has not come to `min_version`.
    """
    if consistency == "eventual":
        seen = fare_in_view(booking_id)
        if seen is not None and seen.version >= min_version:
            return seen
    now = fare_in_ledger(booking_id)
    if now.version < min_version:
        raise UnknownEvent(f"booking {booking_id} is at version {now.version}, not yet at {min_version}")
    return now


def fare_in_view(booking_id: str) -> Fare | None:
    """The fare as the projection has it; None if it does not have the booking (yet)."""
    if not BOOKING_ID.fullmatch(booking_id):
        return None  # no booking can have such an id
    row = CurrentFare.objects.filter(partition=partition_of(booking_id), booking_id=booking_id).first()
    if row is None:
        return None
    return Fare(
        booking_id=booking_id,
        fare=row.fare,
        currency=row.currency,
        exponent=row.exponent,
        version=row.version,
        components=row.breakdown,
        events=row.version,  # versions have no gaps
        first_recorded_at=row.first_recorded_at,
        recorded_at=row.last_recorded_at,
        occurred_at=row.last_occurred_at,
        consistency="eventual",
    )


def fare_in_ledger(booking_id: str) -> Fare:
    """The fare after the ledger's last event of the booking. Raises UnknownBooking."""
    head = history.head_of(booking_id)
    if head is None:
        raise UnknownBooking(f"the ledger has no event of booking {booking_id!a}")
    first = head if head.version == 1 else history.event_of(booking_id, 1)
    return Fare(
        booking_id=booking_id,
        fare=head.fare,
        currency=head.currency,
        exponent=head.exponent,
        version=head.version,
        components=head.components,
        events=head.version,
        first_recorded_at=first.recorded_at,
        recorded_at=head.recorded_at,
        occurred_at=head.occurred_at,
        consistency="strong",
    )
