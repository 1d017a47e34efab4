"""Proposing: the correction is kept, and approved at once where no second person is needed."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from events.corrections import people
from events.corrections.deciding import carry_out
from events.corrections.keeping import known, made_before, reused
from events.corrections.models import Correction, Needs
from events.corrections.previewing import Preview, preview
from events.corrections.proposal import Proposal
from events.corrections.reasons import reason_of
from events.database import unavailable_if_away
from events.money import to_minor

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def propose(
    proposal: Proposal, *, by: User, request_id: str | None = None, key_id: str | None = None
) -> Correction:
    """Keeps the correction; below the limit it is approved and appended in the same transaction.

    The same proposal by the same person again answers the first one, whatever became of it. Raises NotPermitted,
    UnknownBooking, UnknownEvent, what the preview refuses (FareMoved, InvalidCorrection, UnknownReasonCode,
    NegativeFare, TooManyComponents), TransactionIdReused if the id was used for something else, or Unavailable.
    """
    try:
        with unavailable_if_away(), transaction.atomic():
            person = people.taking_turns(by)
            people.require(person, people.PROPOSE)
            return made_before(proposal, person) or _kept(proposal, person, request_id, key_id)
    except IntegrityError:
        # Somebody else's proposal with this id came in between.
        if known(proposal.id) is None:  # type: ignore[arg-type]
            raise
        raise reused() from None


def _kept(proposal: Proposal, by: User, request_id: str | None, key_id: str | None) -> Correction:
    now = timezone.now()
    draft = preview(proposal, by=by, now=now)
    if draft.refusal is not None:
        raise draft.refusal
    correction = _row(proposal, draft, by, now)
    correction.save(force_insert=True)
    if correction.needs == Needs.NOBODY:
        return carry_out(
            correction, draft.outcome, by=by, reason=draft.why, at=now, request_id=request_id, key_id=key_id
        )
    return correction


def _row(proposal: Proposal, draft: Preview, by: User, now: datetime) -> Correction:
    head, event, needs = draft.head, draft.event, draft.needs
    assert event is not None and needs is not None  # noqa: S101 - it was not refused
    return Correction(
        id=proposal.id,
        partition=head.partition,
        booking_id=proposal.booking_id,
        corrects_version=proposal.corrects_version,
        kind=proposal.kind,
        type=event.type,
        component=event.component,
        amount_minor=to_minor(event.amount, head.exponent),
        allow_negative=proposal.allow_negative,
        target_minor=None if proposal.target is None else to_minor(Decimal(proposal.target), head.exponent),
        currency=head.currency,
        exponent=head.exponent,
        reason_code=proposal.reason_code,
        customer_reason=reason_of(proposal.reason_code).text,
        reason=proposal.reason,
        evidence=proposal.evidence,
        seen_version=proposal.seen_version,
        seen_fare_minor=to_minor(head.fare, head.exponent),
        needs=needs,
        needs_reason=draft.why,
        proposed_by=by.pk,
        proposed_by_name=by.get_username(),
        proposed_at=now,
        expires_at=now + timedelta(days=settings.FAREHISTORY_CORRECTION_EXPIRES),
    )
