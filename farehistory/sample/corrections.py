"""Corrections of the sample's fares, made and decided by the demo's people as they would themselves: through the
functions that admin and API call. Some wait, so that there is something to decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import uuid5

from django.contrib.auth.models import User

from events import corrections, history
from events.corrections import Proposal, State
from events.corrections.keeping import known
from events.corrections.models import Correction, CorrectionLimit
from events.errors import FareMoved, InvalidCorrection
from farehistory.sample.fill import SAMPLE_IDS

LIMITS: dict[str, tuple[str, str]] = {
    "SGD": ("5.00", "50.00"),
    "USD": ("5.00", "50.00"),
    "THB": ("20.00", "200.00"),
    "JPY": ("100", "2000"),
    "VND": ("10000", "100000"),
    "KWD": ("0.500", "5.000"),
}
"""Without a second person up to, only by a lead above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One correction: who proposes what and why, and what becomes of it. Without a `state` it waits."""

    booking_id: str
    corrects_version: int
    by: str
    reason_code: str
    reason: str
    asked: dict[str, Any] = field(default_factory=lambda: {"kind": "contra"})
    state: State | None = None
    decided_by: str = ""
    decision_reason: str = ""

    @property
    def ticket(self) -> str:
        """Where the complaint is, if there were a help desk."""
        number = int(uuid5(SAMPLE_IDS, self.booking_id)) % 90_000 + 10_000
        return f"https://desk.example.com/cases/{number}"


CORRECTIONS: tuple[Told, ...] = (
    Told(
        booking_id="BK-2026-000174",
        corrects_version=3,
        by="support",
        reason_code="charged_twice",
        reason="One passage, reported by two gantries 41 seconds apart.",
    ),
    Told(
        booking_id="BK-2026-000262",
        corrects_version=3,
        by="support",
        reason_code="charged_twice",
        reason="The rider sent the toll operator's statement: one passage.",
        state=State.APPROVED,
        decided_by="lead",
        decision_reason="The statement shows one passage.",
    ),
    Told(
        booking_id="BK-2026-000120",
        corrects_version=1,
        by="support",
        reason_code="goodwill",
        reason="The rider says that the car was not clean.",
        asked={"kind": "event", "type": "SUB", "component": "goodwill", "amount": "8.00"},
        state=State.REJECTED,
        decided_by="lead",
        decision_reason="No photos, and the third such complaint of this rider in a week.",
    ),
    Told(
        booking_id="BK-2026-000319",
        corrects_version=3,
        by="support",
        reason_code="charged_twice",
        reason="Two tolls at the same plaza.",
        state=State.WITHDRAWN,
        decided_by="support",
        decision_reason="The route passes it twice, I looked at the map.",
    ),
    Told(
        booking_id="BK-2026-000397",
        corrects_version=3,
        by="support",
        reason_code="charged_twice",
        reason="One passage, reported twice within a minute.",
    ),
    Told(
        booking_id="BK-1006",
        corrects_version=2,
        by="lead",
        reason_code="waiting_fee_wrong",
        reason="The rider waited for the driver, not the other way round; half of the time is ours.",
        asked={"kind": "should_be", "target": "12110"},
    ),
    Told(
        booking_id="BK-1008",
        corrects_version=1,
        by="support",
        reason_code="trip_changed",
        reason="The driver dropped the rider off at the wrong terminal and left.",
        asked={"kind": "should_be", "target": "86.00"},
    ),
)


def correct() -> None:
    """Makes what is missing of the limits and corrections; run again, it changes nothing.

    A fare that somebody has moved since is left alone: the demo is theirs by then.
    """
    for currency, (free, large) in LIMITS.items():
        CorrectionLimit.objects.get_or_create(
            currency=currency, defaults={"free_up_to": Decimal(free), "lead_above": Decimal(large)}
        )
    people = {user.username: user for user in User.objects.filter(username__in=("support", "lead"))}
    for told in CORRECTIONS:
        try:
            _decide(told, _proposed(told, people), people)
        except (FareMoved, InvalidCorrection):
            continue


def _proposed(told: Told, people: dict[str, User]) -> Correction:
    id = uuid5(SAMPLE_IDS, f"correction of {told.booking_id}")
    made = known(id)
    if made is not None:
        return made
    proposal = Proposal(
        id=id,
        booking_id=told.booking_id,
        corrects_version=told.corrects_version,
        seen_version=history.last_of(told.booking_id).version,
        reason_code=told.reason_code,
        reason=told.reason,
        evidence=told.ticket,
        **told.asked,
    )
    return corrections.propose(proposal, by=people[told.by])


def _decide(told: Told, correction: Correction, people: dict[str, User]) -> None:
    if told.state is None or correction.state != State.PROPOSED:
        return
    by, reason = people[told.decided_by], told.decision_reason
    if told.state == State.APPROVED:
        corrections.approve(correction.pk, by=by, seen_version=correction.seen_version, reason=reason)
    elif told.state == State.REJECTED:
        corrections.reject(correction.pk, by=by, reason=reason)
    else:
        corrections.withdraw(correction.pk, by=by, reason=reason)
