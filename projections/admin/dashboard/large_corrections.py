"""The largest corrections of late, a few in each currency: amounts of different currencies cannot be set against each
other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from events.corrections.models import Correction, Needs, ReasonCode, State
from events.money import from_minor
from events.wording import signed_text
from projections.admin.dashboard.card import Asked
from projections.sql import statement

DAYS: Final = 7
OF_EACH_CURRENCY: Final = 3
MOST: Final = 12
LOOKED_THROUGH: Final = 1000
"""Corrections, the latest first, among which the largest are looked for."""


@dataclass(frozen=True, slots=True)
class Large:
    """A correction that was approved."""

    id: UUID
    booking_id: str
    change: str
    """What it moved, with its sign and currency: "SGD -7.00"."""
    is_down: bool
    reason: str
    proposed_by: str
    decided_by: str
    """Empty where no second person was needed."""
    decided_at: datetime
    needed_lead: bool


@dataclass(frozen=True, slots=True)
class LargeCorrections:
    """The latest first."""

    lines: list[Large]
    days: int = DAYS
    of_each: int = OF_EACH_CURRENCY


def compute(asked: Asked) -> LargeCorrections:
    """Walks the index of corrections by state and time back for some days, no further than `LOOKED_THROUGH`."""
    since = asked.now - timedelta(days=DAYS)
    # What was decided since then may have been proposed as long before as proposals wait.
    proposed_since = since - timedelta(days=settings.FAREHISTORY_CORRECTION_EXPIRES)
    approved = Correction.objects.filter(state=State.APPROVED, proposed_at__gte=proposed_since)
    latest_proposed = approved.order_by("-proposed_at", "-id")[:LOOKED_THROUGH]
    largest = _largest(one for one in latest_proposed if one.decided_at and one.decided_at >= since)
    latest = sorted(largest, key=lambda one: (one.decided_at, str(one.pk)), reverse=True)[:MOST]
    return LargeCorrections(_lines(latest))


def _largest(corrections: Iterable[Correction]) -> list[Correction]:
    of_currency: dict[str, list[Correction]] = defaultdict(list)
    for correction in corrections:
        of_currency[correction.currency].append(correction)
    return [
        one
        for those in of_currency.values()
        for one in sorted(those, key=_size, reverse=True)[:OF_EACH_CURRENCY]
    ]


def _size(correction: Correction) -> Decimal:
    """How much it was to move when it was proposed."""
    if correction.type == "SET":
        return abs(correction.amount - correction.seen_fare)
    return correction.amount


def _lines(corrections: list[Correction]) -> list[Large]:
    moved = _moved(corrections)
    labels = dict(ReasonCode.objects.values_list("code", "label"))
    return [
        Large(
            id=one.pk,
            booking_id=one.booking_id,
            change=f"{one.currency} {signed_text(moved[one.pk], one.exponent)}",
            is_down=moved[one.pk] < 0,
            reason=labels.get(one.reason_code, one.reason_code),
            proposed_by=one.proposed_by_name,
            decided_by="" if one.needs == Needs.NOBODY else one.decided_by_name,
            decided_at=one.decided_at or one.proposed_at,
            needed_lead=one.needs == Needs.LEAD,
        )
        for one in corrections
    ]


def _moved(corrections: list[Correction]) -> dict[UUID, Decimal]:
    """What the event that each appended moved."""
    exponents = {one.pk: one.exponent for one in corrections}
    with connection.cursor() as cursor:
        cursor.execute(statement("moved_by_corrections"), {"ids": list(exponents)})
        return {id: from_minor(change, exponents[id]) for id, change in cursor.fetchall()}
