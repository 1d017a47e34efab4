"""A booking's fare as callers get it, and the document that the API answers with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from events.api.representation import breakdown_as_json, time_as_json
from events.money import format_amount

FORMAT: Final = 1
"""Of the document below, in its tag and in the cache: raised when it changes, so that old and new processes can run
side by side."""

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


def fare_as_json(fare: Fare) -> dict[str, Any]:
    """The fare with its breakdown; amounts are strings with all decimals of the currency."""
    return {
        "booking_id": fare.booking_id,
        "fare": format_amount(fare.fare, fare.exponent),
        "currency": fare.currency,
        "exponent": fare.exponent,
        "version": fare.version,
        "components": breakdown_as_json(fare.components, fare.exponent),
        "events": fare.events,
        "first_recorded_at": time_as_json(fare.first_recorded_at),
        "recorded_at": time_as_json(fare.recorded_at),
        "occurred_at": time_as_json(fare.occurred_at),
        "consistency": fare.consistency,
    }


def document_of(fare: Fare) -> bytes:
    """The same as compact JSON in UTF-8: what the API answers, and what is cached."""
    return msgspec.json.encode(fare_as_json(fare))
