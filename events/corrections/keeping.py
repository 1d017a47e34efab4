"""Corrections as they are kept: found by id, locked, and moved from one state to the next."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from events.corrections.models import Correction, State
from events.errors import CorrectionDecided, TransactionIdReused, UnknownCorrection

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from events.corrections.proposal import Proposal


def known(id: UUID) -> Correction | None:
    """The correction of this id, if there is one."""
    return Correction.objects.filter(pk=id).order_by("proposed_at").first()


def made_before(proposal: Proposal, by: User) -> Correction | None:
    """The correction that this very proposal made before. Raises TransactionIdReused if the id made another one."""
    correction = known(proposal.id)  # type: ignore[arg-type]
    if correction is not None and not (correction.proposed_by == by.pk and _asks_for(correction, proposal)):
        raise reused()
    return correction


def _asks_for(correction: Correction, proposal: Proposal) -> bool:
    names = [
        "booking_id",
        "corrects_version",
        "kind",
        "allow_negative",
        "target",
        "reason_code",
        "reason",
        "evidence",
    ]
    names += [name for name in ("type", "component", "amount") if getattr(proposal, name) is not None]
    return all(getattr(proposal, name) == getattr(correction, name) for name in names)


def reused() -> TransactionIdReused:
    return TransactionIdReused(
        _("The id of this correction is another one's already; a new one needs a new id.")
    )


def get(id: UUID) -> Correction:
    """The correction of this id. Raises UnknownCorrection."""
    correction = known(id)
    if correction is None:
        raise UnknownCorrection(_("There is no correction with the id %(id)s.") % {"id": id})
    return correction


def locked(id: UUID) -> Correction:
    """The same, as it is once nobody else decides on it; until this transaction ends nobody else does."""
    partition = get(id).partition
    return Correction.objects.select_for_update().get(partition=partition, pk=id)


def move(
    correction: Correction,
    state: State,
    *,
    by: User,
    reason: str,
    at: datetime | None = None,
    event_version: int | None = None,
) -> Correction:
    """The correction in its last state. Of a locked row; raises CorrectionDecided if it was decided before.

    `at`: when it was decided, where that is not now.
    """
    decision = {
        "state": state,
        "decided_by": by.pk,
        "decided_by_name": by.get_username(),
        "decided_at": at or timezone.now(),
        "decision_reason": reason,
        "event_version": event_version,
    }
    waiting = Correction.objects.filter(
        partition=correction.partition, pk=correction.pk, state=State.PROPOSED
    )
    if not waiting.update(**decision):
        raise decided(locked(correction.pk))
    for name, value in decision.items():
        setattr(correction, name, value)
    return correction


def decided(correction: Correction) -> CorrectionDecided:
    """That somebody was faster, and who, in words."""
    texts = {
        State.APPROVED: _("%(who)s approved this correction already."),
        State.REJECTED: _("%(who)s rejected this correction already."),
        State.WITHDRAWN: _("%(who)s withdrew this correction already."),
    }
    return CorrectionDecided(texts[State(correction.state)] % {"who": correction.decided_by_name})
