"""Corrections as people make and decide them: each deed with its entry in the audit, in one transaction.

What admin and API call. A deed that cannot be noted is not done; pressed again, it is done and noted once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest

from events import audit
from events.corrections import deciding, people, proposing
from events.corrections.keeping import known, locked
from events.corrections.models import Correction, State
from events.corrections.proposal import Proposal
from events.corrections.wording import asked_for
from events.database import unavailable_if_away

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def propose(proposal: Proposal, *, by: User, request: HttpRequest, key_id: str | None = None) -> Correction:
    """`corrections.propose`, noted. Raises what it raises, and Unavailable where it cannot be noted."""
    with unavailable_if_away(), transaction.atomic():
        people.taking_turns(by)  # so that of two at once only one finds it new
        is_new = known(proposal.id) is None  # type: ignore[arg-type]
        correction = proposing.propose(proposal, by=by, request_id=_id_of(request), key_id=key_id)
        if is_new:
            _note("correction_proposed", correction, by, request)
    return correction


def approve(
    id: UUID,
    *,
    by: User,
    request: HttpRequest,
    seen_version: int,
    reason: str = "",
    key_id: str | None = None,
) -> Correction:
    """`corrections.approve`, noted. Raises what it raises, and Unavailable where it cannot be noted."""
    deed = partial(deciding.approve, seen_version=seen_version, reason=reason, key_id=key_id)
    return _decided(
        "correction_approved", id, by, request, partial(deed, request_id=_id_of(request))
    )  # fmt: skip


def reject(id: UUID, *, by: User, request: HttpRequest, reason: str) -> Correction:
    """`corrections.reject`, noted. Raises what it raises, and Unavailable where it cannot be noted."""
    return _decided("correction_rejected", id, by, request, partial(deciding.reject, reason=reason))


def withdraw(id: UUID, *, by: User, request: HttpRequest, reason: str) -> Correction:
    """`corrections.withdraw`, noted. Raises what it raises, and Unavailable where it cannot be noted."""
    return _decided("correction_withdrawn", id, by, request, partial(deciding.withdraw, reason=reason))


def _decided(
    what: str, id: UUID, by: User, request: HttpRequest, decide: Callable[..., Correction]
) -> Correction:
    with unavailable_if_away(), transaction.atomic():
        was_waiting = locked(id).state == State.PROPOSED
        correction = decide(id, by=by)
        if was_waiting:
            _note(what, correction, by, request)
    return correction


def _note(what: str, correction: Correction, by: User, request: HttpRequest) -> None:
    details: dict[str, Any] = {"correction": str(correction.pk), "asked": asked_for(correction)}
    if correction.event_version is not None:
        details["event_version"] = correction.event_version
    if correction.decision_reason:
        details["reason"] = correction.decision_reason
    audit.record(what, user=by, request=request, booking_id=correction.booking_id, **details)


def _id_of(request: HttpRequest) -> str | None:
    return getattr(request, "request_id", None)
