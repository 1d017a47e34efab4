"""Corrections, previews and reviews as JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from events.api.representation import breakdown_as_json, event_as_json, time_as_json
from events.corrections import Outcome, Planned, Preview, Review
from events.corrections.models import Correction
from events.fold import Fare
from events.money import format_amount


def correction_as_json(correction: Correction) -> dict[str, Any]:
    """What was proposed, by whom and why, and what became of it."""
    exponent = correction.exponent
    return {
        "id": str(correction.pk),
        "booking_id": correction.booking_id,
        "corrects_version": correction.corrects_version,
        "kind": str(correction.kind),
        "type": str(correction.type),
        "component": correction.component,
        "amount": format_amount(correction.amount, exponent),
        "target": _amount(correction.target, exponent),
        "allow_negative": correction.allow_negative,
        "currency": correction.currency,
        "reason_code": correction.reason_code,
        "reason": correction.reason,
        "evidence": correction.evidence,
        "seen_version": correction.seen_version,
        "seen_fare": format_amount(correction.seen_fare, exponent),
        "needs": str(correction.needs),
        "needs_reason": correction.needs_reason,
        "proposed_by": correction.proposed_by_name,
        "proposed_at": time_as_json(correction.proposed_at),
        "expires_at": time_as_json(correction.expires_at),
        "state": str(correction.state),
        "expired": correction.is_expired,
        "decided_by": correction.decided_by_name or None,
        "decided_at": None if correction.decided_at is None else time_as_json(correction.decided_at),
        "decision_reason": correction.decision_reason,
        "event_version": correction.event_version,
    }


def preview_as_json(preview: Preview) -> dict[str, Any]:
    """What would be appended to the fare as it is, and what the fare would be; `refusal` says why it cannot."""
    return {
        **_outcome(preview.outcome),
        "needs": None if preview.needs is None else str(preview.needs),
        "needs_reason": preview.why,
        "customer_text": preview.customer_text,
        "moved": [event_as_json(event) for event in preview.moved],
        "refusal": None
        if preview.refusal is None
        else {"code": preview.refusal.code, "detail": preview.refusal.detail},
    }


def review_as_json(review: Review) -> dict[str, Any]:
    """As it was proposed, and as it would be by now."""
    return {"proposed": _outcome(review.proposed), "now": preview_as_json(review.now)}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    exponent = outcome.head.exponent
    return {
        "currency": outcome.head.currency,
        "before": _fare(outcome.before, exponent),
        "event": None if outcome.event is None else _planned(outcome.event, exponent),
        "after": None if outcome.after is None else _fare(outcome.after, exponent),
    }


def _planned(event: Planned, exponent: int) -> dict[str, Any]:
    return {
        "type": event.type.value,
        "component": event.component,
        "amount": format_amount(event.amount, exponent),
        "allow_negative": event.allow_negative,
    }


def _fare(fare: Fare, exponent: int) -> dict[str, Any]:
    return {
        "version": fare.version,
        "fare": format_amount(fare.amount, exponent),
        "components": breakdown_as_json(fare.components, exponent),
    }


def _amount(amount: Decimal | None, exponent: int) -> str | None:
    return None if amount is None else format_amount(amount, exponent)
