"""What can be read of a booking: its fare, of now and of the past, and what changed in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from farehistory_client.testing._ledger import Breakdown, Ledger, Recorded, time_text
from farehistory_client.testing._problems import Broken, Refusal


def fare(events: Sequence[Recorded], consistency: str) -> dict[str, Any]:
    """The fare after these events, which are all of a booking up to a version."""
    return _fare(events, events[-1].components, consistency)


def _fare(events: Sequence[Recorded], components: Breakdown, consistency: str) -> dict[str, Any]:
    last = events[-1]
    return {
        "booking_id": last.booking_id,
        "fare": last.text(sum(components.values(), Decimal(0))),
        "currency": last.currency,
        "exponent": last.exponent,
        "version": last.version,
        "components": last.texts(components),
        "events": len(events),
        "first_recorded_at": time_text(events[0].recorded_at),
        "recorded_at": time_text(last.recorded_at),
        "occurred_at": time_text(last.occurred_at),
        "consistency": consistency,
    }


def past_fare(
    history: Sequence[Recorded],
    *,
    version: int | None,
    recorded_before: datetime | None,
    occurred_before: datetime | None,
) -> dict[str, Any]:
    """The fare by the events that meet all bounds. Raises Refusal."""
    if version is not None:
        _require_version(history, version)
    met = [
        event
        for event in history
        if (version is None or event.version <= version)
        and (recorded_before is None or event.recorded_at < recorded_before)
        and (occurred_before is None or event.occurred_at < occurred_before)
    ]
    if not met:
        detail = f"booking {history[0].booking_id} has no event within these bounds"
        raise Refusal("unknown_event", detail)
    sets = [index for index, event in enumerate(met) if event.wanted.type == "SET"]
    components: dict[str, Decimal] = {}
    for event in met[sets[-1] if sets else 0 :]:
        sign = -1 if event.wanted.type == "SUB" else 1
        name = event.wanted.component
        components[name] = components.get(name, Decimal(0)) + sign * event.wanted.amount
    return {**_fare(met, components, "strong"), "complete": bool(sets)}


def event_of(history: Sequence[Recorded], version: int) -> Recorded:
    """Raises Refusal."""
    _require_version(history, version)
    return history[version - 1]


def _require_version(history: Sequence[Recorded], version: int) -> None:
    if not 0 < version <= len(history):
        raise Refusal("unknown_event", f"booking {history[0].booking_id} has no version {version}")


def diff(
    history: Sequence[Recorded], since: int | datetime, until: int | datetime, limit: int
) -> dict[str, Any]:
    """Both states, what changed, and the first of the events in between. Raises Refusal."""
    head = history[-1]
    first, last = (_version_at(history, point) for point in (since, until))
    if first > last:
        detail = f"to (version {last}) must not come before from (version {first})"
        raise Refusal.of("invalid_parameter", [Broken("/to", "before_from", detail)])
    before = history[first - 1].components if first else {}
    after = history[last - 1].components if last else {}
    shown = history[first : min(last, first + limit)]
    fares = [sum(each.values(), Decimal(0)) for each in (before, after)]
    return {
        "booking_id": head.booking_id,
        "currency": head.currency,
        "exponent": head.exponent,
        "from": {"version": first, "fare": head.text(fares[0])},
        "to": {"version": last, "fare": head.text(fares[1])},
        "change": head.text(fares[1] - fares[0]),
        "components": {
            name: _difference(head, before.get(name, Decimal(0)), after.get(name, Decimal(0)))
            for name in dict.fromkeys([*before, *after])
        },
        "events": [event.document() for event in shown],
        "next": str(shown[-1].version) if len(shown) < last - first else None,
    }


def _difference(head: Recorded, before: Decimal, after: Decimal) -> dict[str, str]:
    return head.texts({"before": before, "after": after, "change": after - before})


def _version_at(history: Sequence[Recorded], point: int | datetime) -> int:
    if isinstance(point, datetime):
        return sum(event.recorded_at < point for event in history)
    if point:
        _require_version(history, point)
    return point


def foreseen(ledger: Ledger, booking_id: str, event: Recorded, is_replay: bool) -> dict[str, Any]:
    """What a dry run answers."""
    before = ledger.head(booking_id)
    after = before if is_replay and before is not None else event
    fares = [Decimal(0) if each is None else each.fare for each in (before, after)]
    return {
        "dry_run": True,
        "outcome": "replayed" if is_replay else "appended",
        "status": 200 if is_replay else 201,
        "booking_id": booking_id,
        "currency": after.currency,
        "exponent": after.exponent,
        "change": after.text(fares[1] - fares[0]),
        "before": None if before is None else _standing(before),
        "after": _standing(after),
        "event": event.document() if is_replay else None,
    }


def _standing(event: Recorded) -> dict[str, Any]:
    return {
        "version": event.version,
        "fare": event.text(event.fare),
        "components": event.texts(event.components),
    }
