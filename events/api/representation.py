"""A fare event as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from events.event import FareEvent
from events.money import format_amount


def event_as_json(event: FareEvent) -> dict[str, Any]:
    """Every field of the event. Amounts are strings with all decimals of the currency; metadata is as stored.

    What was erased is null, and `erased` says so.
    """
    exponent = event.exponent
    return {
        "booking_id": event.booking_id,
        "version": event.version,
        "transaction_id": str(event.transaction_id),
        "type": event.type.value,
        "component": event.component,
        "amount": format_amount(event.amount, exponent),
        "currency": event.currency,
        "exponent": exponent,
        "allow_negative": event.allow_negative,
        "change": format_amount(event.change, exponent),
        "fare": format_amount(event.fare, exponent),
        "components": breakdown_as_json(event.components, exponent),
        "description": event.description,
        "source": event.source,
        "actor": event.actor,
        "origin": event.origin.value,
        "metadata": None if event.metadata_text is None else msgspec.Raw(event.metadata_text.encode("utf-8")),
        "erased": event.erased,
        "corrects_version": event.corrects_version,
        "correction_id": None if event.correction_id is None else str(event.correction_id),
        "occurred_at": time_as_json(event.occurred_at),
        "recorded_at": time_as_json(event.recorded_at),
        "request_id": event.request_id,
        "partition": event.partition,
        "position": event.position,
        "hash": event.hash.hex(),
    }


def breakdown_as_json(components: dict[str, Decimal], exponent: int) -> dict[str, str]:
    """Amounts by component, in their order."""
    return {name: format_amount(amount, exponent) for name, amount in components.items()}


def time_as_json(instant: datetime) -> str:
    """RFC 3339 in UTC, always with six decimals: "2026-05-03T14:05:00.000000Z"."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
