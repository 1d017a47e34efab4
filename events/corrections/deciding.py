"""Deciding: approved by another person, and appended; rejected; or withdrawn by who proposed it.

An approval locks the correction, appends its event, sets its state and commits: one transaction. Whoever presses
twice, or comes second, finds the state moved; a process that dies leaves nothing or all of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from events import field_checks as check
from events import ledger
from events.corrections import people
from events.corrections.keeping import decided, locked, move
from events.corrections.models import Correction, Needs, State
from events.corrections.planning import Outcome
from events.corrections.previewing import fare_moved, moved_since, review
from events.corrections.proposal import MAX_REASON
from events.database import unavailable_if_away
from events.errors import (
    CorrectionExpired,
    FieldError,
    InvalidCorrection,
    LedgerError,
    NeedsLead,
    NotPermitted,
    SelfApproval,
    VersionConflict,
)
from events.field_checks import Broken
from events.new_event import MAX_ACTOR, NewEvent

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SOURCE: Final = "back-office"
"""The source of every correction, by whichever way it was approved."""


def approve(
    id: UUID,
    *,
    by: User,
    seen_version: int,
    reason: str = "",
    request_id: str | None = None,
    key_id: str | None = None,
) -> Correction:
    """Appends the correction's event to the fare that the approver saw, and sets the state.

    Approved before by the same person: answers that. Raises UnknownCorrection, NotPermitted, SelfApproval, NeedsLead,
    CorrectionDecided, CorrectionExpired, FareMoved (with the head as it is: review, and decide anew), what `review`
    refuses (InvalidCorrection, NegativeFare …), or Unavailable.
    """
    reason = _reason(reason, required=False)
    with unavailable_if_away(), transaction.atomic():
        correction = locked(id)
        if _is_done(correction, State.APPROVED, by):
            return correction
        at = timezone.now()  # it may expire while it is appended, but was decided in time
        _require_approver(correction, by)
        now = review(correction).now
        moved = moved_since(seen_version, now.head)
        if moved is not None:
            raise moved
        if now.refusal is not None:
            raise now.refusal
        if now.needs == Needs.LEAD:
            _require_lead(by)
        return carry_out(
            correction, now.outcome, by=by, reason=reason, at=at, request_id=request_id, key_id=key_id
        )


def reject(id: UUID, *, by: User, reason: str) -> Correction:
    """The correction will not be made. Also of one that has expired.

    Raises UnknownCorrection, NotPermitted, SelfApproval (who proposed it withdraws it), CorrectionDecided,
    InvalidCorrection without a reason, or Unavailable.
    """
    reason = _reason(reason, required=True)
    with unavailable_if_away(), transaction.atomic():
        correction = locked(id)
        if _is_done(correction, State.REJECTED, by):
            return correction
        people.require(by, people.DECIDE)
        if correction.proposed_by == by.pk:
            raise SelfApproval(_("You made this correction: withdraw it instead."))
        return move(correction, State.REJECTED, by=by, reason=reason)


def withdraw(id: UUID, *, by: User, reason: str) -> Correction:
    """Who proposed it no longer wants it. Also of one that has expired.

    Raises UnknownCorrection, NotPermitted (for anybody else), CorrectionDecided, InvalidCorrection without a reason,
    or Unavailable.
    """
    reason = _reason(reason, required=True)
    with unavailable_if_away(), transaction.atomic():
        correction = locked(id)
        if _is_done(correction, State.WITHDRAWN, by):
            return correction
        people.require(by, people.PROPOSE)
        if correction.proposed_by != by.pk:
            raise NotPermitted(_("Only who proposed a correction can withdraw it; you can reject it."))
        return move(correction, State.WITHDRAWN, by=by, reason=reason)


def refusal_to_approve(correction: Correction, by: User, needs: Needs | None = None) -> LedgerError | None:
    """Why this person cannot approve it, if they cannot: its state, who made it, their rights. For a page to say so
    before they press; `needs` is that of the review."""
    try:
        if correction.state != State.PROPOSED:
            raise decided(correction)
        _require_approver(correction, by)
        if (needs or correction.needs) == Needs.LEAD:
            _require_lead(by)
    except LedgerError as refusal:
        return refusal
    return None


def carry_out(
    correction: Correction,
    outcome: Outcome,
    *,
    by: User,
    reason: str,
    at: datetime,
    request_id: str | None = None,
    key_id: str | None = None,
) -> Correction:
    """Appends and sets the state, inside the caller's transaction, which holds the correction's row.

    The event's actor is who proposed it, since theirs is the change; who approved is in the correction.
    """
    event = outcome.event
    assert event is not None  # noqa: S101 - it was not refused
    change = NewEvent(
        booking_id=correction.booking_id,
        transaction_id=correction.pk,
        expected_version=outcome.head.version,
        type=event.type,
        component=event.component,
        amount=event.amount,
        currency=correction.currency,
        description=correction.customer_reason,
        actor=correction.proposed_by_name[:MAX_ACTOR],
        metadata={"reason_code": correction.reason_code},
        allow_negative=event.allow_negative,
    )
    try:
        appended = ledger.append_correction(
            change,
            corrects_version=correction.corrects_version,
            source=SOURCE,
            request_id=request_id,
            key_id=key_id,
        )
    except VersionConflict as conflict:  # another event came between the look and the append
        raise fare_moved(outcome.head.version, conflict.current) from None
    return move(correction, State.APPROVED, by=by, reason=reason, at=at, event_version=appended.event.version)


def _is_done(correction: Correction, state: State, by: User) -> bool:
    """Whether this person did just this before. Raises CorrectionDecided if it was decided otherwise."""
    if correction.state == State.PROPOSED:
        return False
    if correction.state == state and correction.decided_by == by.pk:
        return True
    raise decided(correction)


def _require_approver(correction: Correction, by: User) -> None:
    people.require(by, people.DECIDE)
    if correction.proposed_by == by.pk:
        raise SelfApproval(_("You made this correction: another person must approve it."))
    if correction.is_expired:
        raise CorrectionExpired(
            _(
                "This correction waited longer than it may, and can no longer be approved. Reject it, and propose it "
                "anew."
            )
        )


def _require_lead(by: User) -> None:
    if not by.has_perm(people.DECIDE_LARGE):
        raise NeedsLead(_("So much moves here that a lead must approve it."))


def _reason(text: str, *, required: bool) -> str:
    """Raises InvalidCorrection."""
    try:
        return check.prose(MAX_REASON, required=required)(text)
    except Broken as broken:
        error = FieldError("/reason", broken.code, f"reason {broken.detail}")
        raise InvalidCorrection.of([error]) from None
