"""A fare event as JSON, and what one would be."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from events.event import FareEvent
from events.foreseeing import DryRun
from events.judging import Standing
from events.money import format_amount
from events.new_event import NewEvent


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


def dry_run_as_json(asked: NewEvent, dry_run: DryRun) -> dict[str, Any]:
    """What an append would do, the fare as it is and as it would be; of a replay, the event that is there already."""
    before, after = dry_run.foreseen.before, dry_run.foreseen.after
    replayed = dry_run.foreseen.replayed
    change = after.fare - (before.fare if before else Decimal(0))
    return {
        "dry_run": True,
        "outcome": "replayed" if replayed else "appended",
        "status": 200 if replayed else 201,
        "booking_id": asked.booking_id,
        "currency": after.currency,
        "exponent": after.exponent,
        "change": format_amount(change, after.exponent),
        "before": None if before is None else _standing_as_json(before),
        "after": _standing_as_json(after),
        "event": None if dry_run.first is None else event_as_json(dry_run.first),
    }


def _standing_as_json(standing: Standing) -> dict[str, Any]:
    return {
        "version": standing.version,
        "fare": format_amount(standing.fare, standing.exponent),
        "components": breakdown_as_json(standing.breakdown.components, standing.exponent),
    }


def breakdown_as_json(components: dict[str, Decimal], exponent: int) -> dict[str, str]:
    """Amounts by component, in their order."""
    return {name: format_amount(amount, exponent) for name, amount in components.items()}


def time_as_json(instant: datetime) -> str:
    """RFC 3339 in UTC, always with six decimals: "2026-05-03T14:05:00.000000Z"."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
