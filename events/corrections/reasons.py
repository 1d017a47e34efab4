"""Why fares are corrected. The first codes are made by `migrate`; operators edit them, add some, switch some off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from events import field_checks as check
from events.corrections.models import ReasonCode
from events.errors import UnknownReasonCode
from events.field_checks import Broken
from events.new_event import MAX_DESCRIPTION

_description: Final = check.text(MAX_DESCRIPTION)


@dataclass(frozen=True, slots=True)
class First:
    """A reason code that a platform begins with."""

    code: str
    label: str
    text: str


FIRST: tuple[First, ...] = (
    First("charged_twice", "Charged twice", "An amount was charged twice."),
    First("toll_not_used", "Toll not on the route", "A toll was charged that was not on the route."),
    First("waiting_fee_wrong", "Waiting fee wrong", "The waiting time was not counted correctly."),
    First("promo_missing", "Promo not applied", "A promo was not taken off the fare."),
    First("fare_wrong", "Fare calculated wrongly", "The fare was not calculated correctly."),
    First("trip_changed", "Trip changed or cancelled", "The trip was changed or cancelled."),
    First("extra_not_due", "Extra fee not due", "An extra fee was charged that was not due."),
    First("extra_missing", "Extra fee missing", "An extra fee of this trip was missing."),
    First("goodwill", "Goodwill", "We reduced the fare as a goodwill gesture."),
    First("other", "Other", "The fare was checked and corrected."),
)


def ensure_reason_codes() -> None:
    """Makes the reason codes that are missing; never changes one, so that what was edited stays."""
    existing = set(ReasonCode.objects.values_list("code", flat=True))
    for first in FIRST:
        if first.code not in existing:
            ReasonCode.objects.create(code=first.code, label=first.label, text=first.text)


def can_be_described_by(text: str) -> bool:
    """Whether a fare event can have this text as its description."""
    try:
        _description(text)
    except Broken:
        return False
    return True


def reason_of(code: str) -> ReasonCode:
    """The reason code that a new correction may have. Raises UnknownReasonCode, also where its text, edited around
    the form, is one that the approval could not write."""
    reason = ReasonCode.objects.filter(code=code, is_active=True).first()
    if reason is None:
        text = _("%(code)s is not a reason code that can be chosen.") % {"code": code}
        raise UnknownReasonCode.at("/reason_code", "unknown_reason_code", text)
    if not can_be_described_by(reason.text):
        text = _("The text of %(code)s cannot be kept with an event; ask an operator to write it anew.")
        raise UnknownReasonCode.at("/reason_code", "unusable_reason_code", text % {"code": code})
    return reason
