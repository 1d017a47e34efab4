"""Before and after: what a proposal would do to the fare as it is now, and what a kept one would by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from events import history
from events.corrections import limits
from events.corrections.intact import refusal_of_broken
from events.corrections.keeping import made_before
from events.corrections.limits import Requirement
from events.corrections.models import Correction, Needs
from events.corrections.planning import Outcome, Planned, outcome
from events.corrections.proposal import Proposal
from events.corrections.reasons import reason_of
from events.corrections.wording import customer_text_of
from events.errors import FareMoved, Head, LedgerError, TransactionIdReused
from events.event import FareEvent
from events.fold import Fare
from events.wording import money_text

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOVED_SHOWN: Final = 100
"""Events since the one that was seen, at most so many."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a correction comes to on the fare as it is now."""

    outcome: Outcome
    needs: Needs | None
    """None where there is no event that anybody could approve."""
    why: str
    """Why it needs whom, in words."""
    customer_text: str
    refusal: LedgerError | None
    """Why it would be refused as it stands; FareMoved if only that it was made on an older fare."""
    moved: list[FareEvent]
    """Events since `seen_version`."""

    @property
    def head(self) -> FareEvent:
        return self.outcome.head

    @property
    def corrected(self) -> FareEvent:
        return self.outcome.corrected

    @property
    def event(self) -> Planned | None:
        """The event to be appended; None if there can be none."""
        return self.outcome.event

    @property
    def before(self) -> Fare:
        return self.outcome.before

    @property
    def after(self) -> Fare | None:
        return self.outcome.after


@dataclass(frozen=True, slots=True)
class Review:
    """A correction as it was proposed, beside what it comes to now."""

    correction: Correction
    proposed: Outcome
    """On the fare that the maker saw."""
    now: Preview
    """On the fare as it is: what an approval with `seen_version=now.head.version` appends."""


def preview(proposal: Proposal, *, by: User, now: datetime | None = None) -> Preview:
    """What the proposal would do; writes nothing.

    Raises UnknownBooking, UnknownEvent (the one to be corrected). Whatever else is wrong is the preview's `refusal`.
    """
    head = history.last_of(proposal.booking_id)
    corrected = history.event_of(proposal.booking_id, proposal.corrects_version)
    result = outcome(proposal, head, corrected)
    impossible = _reused(proposal, by) or refusal_of_broken(head, corrected) or result.refusal
    moved = _moved(proposal, head)
    needs, why = None, ""
    if result.event is not None:
        required = limits.requirement(result, by_id=by.pk, now=now or timezone.now())
        needs, why = required.needs, required.why
    try:
        text = customer_text_of(result, reason_of(proposal.reason_code).text)
        _require_new_id(proposal)
        refusal = impossible or moved_since(proposal.seen_version, head)
    except LedgerError as refused:
        text, refusal = "", impossible or refused
    return Preview(result, needs, why, text, refusal, moved)


def review(correction: Correction) -> Review:
    """A correction beside what an approval would append by now. The refusal does not look at its state or its maker:
    for that, `refusal_to_approve`."""
    head = history.last_of(correction.booking_id)
    corrected = history.event_of(correction.booking_id, correction.corrects_version)
    seen = history.event_of(correction.booking_id, correction.seen_version)
    result = outcome(correction, head, corrected)
    required = _required_by_now(correction, result)
    text = customer_text_of(result, correction.customer_reason)
    moved = _moved(correction, head)
    refusal = refusal_of_broken(head, corrected) or result.refusal
    now = Preview(result, required.needs, required.why, text, refusal, moved)
    return Review(correction, outcome(correction, seen, corrected), now)


def moved_since(seen_version: int, head: FareEvent) -> FareMoved | None:
    """That the fare is not the one that was seen, if it is not."""
    if seen_version == head.version:
        return None
    return fare_moved(seen_version, Head(head.version, head.fare, head.currency))


def fare_moved(seen_version: int, current: Head) -> FareMoved:
    """The refusal that carries the fare as it is."""
    fare, currency = current.fare or Decimal(0), current.currency or ""
    text = _(
        "The fare is %(fare)s by now, at version %(version)d; you saw version %(seen)d. Decide anew."
    ) % {
        "fare": money_text(fare, currency, -int(fare.as_tuple().exponent)),
        "version": current.version,
        "seen": seen_version,
    }
    return FareMoved(text, current)


def _required_by_now(correction: Correction, result: Outcome) -> Requirement:
    """As it was proposed; a lead too, if so much moves by now."""
    needs = Needs(correction.needs)
    if needs != Needs.LEAD and limits.needs_lead(result):
        return Requirement(Needs.LEAD, _("By now so much would move that a lead must approve."))
    return Requirement(needs, correction.needs_reason)


def _moved(seen: Proposal | Correction, head: FareEvent) -> list[FareEvent]:
    if seen.seen_version >= head.version:
        return []
    return history.events_of(seen.booking_id, after_version=seen.seen_version, limit=MOVED_SHOWN)


def _reused(proposal: Proposal, by: User) -> LedgerError | None:
    """That the id is another correction's, if it is."""
    try:
        made_before(proposal, by)
    except TransactionIdReused as refused:
        return refused
    return None


def _require_new_id(proposal: Proposal) -> None:
    if history.event_of_transaction(proposal.booking_id, proposal.id):  # type: ignore[arg-type]
        raise TransactionIdReused(_("The id of this correction made an event of this booking already."))
