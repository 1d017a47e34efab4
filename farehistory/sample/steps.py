"""One step of a story: an event as its source service would send it, and how long after the step before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A change of a fare, by a source service. `after` is the time since the step before it."""

    source: str
    type: str
    component: str
    amount: Decimal
    after: timedelta = timedelta()
    description: str | None = None
    actor: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    allow_negative: bool = False

    def later(self, **duration: int) -> Step:
        """The same step, that long after the one before it."""
        return replace(self, after=timedelta(**duration))


def pricing(
    type: str, component: str, amount: Decimal, description: str | None = None, **metadata: Any
) -> Step:
    return Step(
        source="pricing",
        type=type,
        component=component,
        amount=amount,
        description=description,
        metadata=metadata,
    )


def toll(amount: Decimal, plaza: str) -> Step:
    return Step(
        source="toll",
        type="ADD",
        component="toll",
        amount=amount,
        description=plaza,
        metadata={"plaza": plaza, "tag": "in-vehicle unit"},
    )


def waiting_fee(amount: Decimal, minutes: int, description: str) -> Step:
    return Step(
        source="waiting",
        type="ADD",
        component="waiting_fee",
        amount=amount,
        description=description,
        metadata={"minutes": minutes, "free_minutes": 3},
    )


def promo(amount: Decimal, code: str, description: str) -> Step:
    return Step(
        source="promo",
        type="SUB",
        component="promo",
        amount=amount,
        description=description,
        metadata={"promo_code": code},
    )


def put_right(
    type: str,
    component: str,
    amount: Decimal,
    actor: str,
    reason: str,
    *,
    allow_negative: bool = False,
    **metadata: Any,
) -> Step:
    """What a person of the support desk did about a complaint."""
    return Step(
        source="support-desk",
        type=type,
        component=component,
        amount=amount,
        description=reason,
        actor=actor,
        metadata=metadata,
        allow_negative=allow_negative,
    )
