"""Corrections as rows: of the queue, and of a fare's page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from events.admin.corrections import ages
from events.admin.corrections.urls import correction_url, event_url, queue_url
from events.corrections import Needs, State, asked_for, people, queue, refusal_to_approve
from events.corrections.models import Correction, ReasonCode
from events.event import EventType
from events.wording import MINUS, capitalised, money_text

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ON_A_FARE_PAGE: Final = 10
"""Corrections that a fare page lists, the newest first; the queue has the rest."""

# The chips' colours, by state.
_TONES: Final = {
    State.PROPOSED: "behind",
    State.APPROVED: "current",
    State.REJECTED: "drift",
    State.WITHDRAWN: "plain",
}


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """One correction, as this person sees it now."""

    correction: Correction
    viewer: User
    now: datetime
    reason: str
    """The label of its reason code."""

    @property
    def url(self) -> str:
        return correction_url(self.correction.pk)

    @property
    def asked(self) -> str:
        """What was asked for, in words."""
        return asked_for(self.correction)

    @property
    def money(self) -> str:
        """What it changes, with its sign."""
        kept = self.correction
        money = money_text(kept.amount, kept.currency, kept.exponent)
        signs = {EventType.ADD: "+", EventType.SUB: MINUS, EventType.SET: "="}
        currency, amount = money.split(" ", 1)
        return f"{currency} {signs[EventType(kept.type)]}{amount}"

    @property
    def kind(self) -> str:
        """Up, down or set."""
        return {"ADD": "up", "SUB": "down"}.get(self.correction.type, "set")

    @property
    def is_mine(self) -> bool:
        return self.correction.proposed_by == self.viewer.pk

    @property
    def is_waiting(self) -> bool:
        return self.correction.state == State.PROPOSED and self.now <= self.correction.expires_at

    @property
    def is_expired(self) -> bool:
        return self.correction.state == State.PROPOSED and not self.is_waiting

    @property
    def needs_lead(self) -> bool:
        return self.is_waiting and self.correction.needs == Needs.LEAD

    @property
    def needed_none(self) -> bool:
        """Whether it was within the limit, and so approved at once."""
        return self.correction.needs == Needs.NOBODY

    @property
    def can_approve(self) -> bool:
        """Whether this person may: by who made it, its age and their rights; the fare is not looked at."""
        return refusal_to_approve(self.correction, self.viewer) is None

    @property
    def state(self) -> str:
        return _("expired") if self.is_expired else str(State(self.correction.state).label)

    @property
    def tone(self) -> str:
        return "plain" if self.is_expired else _TONES[State(self.correction.state)]

    @property
    def age(self) -> str:
        return ages.ago(self.correction.proposed_at, self.now)

    @property
    def left(self) -> str:
        """How long it can still be approved."""
        return ages.left(self.correction.expires_at, self.now)

    @property
    def is_urgent(self) -> bool:
        """Whether it expires within a day."""
        return self.is_waiting and (self.correction.expires_at - self.now).days < 1

    @property
    def event_url(self) -> str | None:
        """The page of the event that it appended."""
        version = self.correction.event_version
        return None if version is None else event_url(self.correction.booking_id, version)


class CorrectionLines(list[CorrectionLine]):
    """The latest corrections of a booking."""

    more_url: str | None = None
    """Where there are more of them."""


def lines_of(corrections: Iterable[Correction], viewer: User) -> list[CorrectionLine]:
    """These corrections as rows, in their order."""
    kept, now = list(corrections), timezone.now()
    labels = _labels({correction.reason_code for correction in kept})
    return [
        CorrectionLine(
            correction,
            viewer,
            now,
            labels.get(correction.reason_code) or capitalised(correction.reason_code),
        )
        for correction in kept
    ]


def of_booking(booking_id: str, user: User) -> list[CorrectionLine]:
    """The latest corrections of a booking, the newest first, as its fare page shows them to this person; none to one
    who may not see corrections. For `templates/corrections/on_fare.html`, as `corrections`."""
    if not user.has_perm(people.VIEW):
        return []
    page = queue.page(booking_id=booking_id, limit=ON_A_FARE_PAGE)
    lines = CorrectionLines(lines_of(page.results, user))
    lines.more_url = queue_url(list="all", booking=booking_id) if page.next else None
    return lines


def _labels(codes: set[str]) -> dict[str, str]:
    """The labels of reason codes; one that was deleted has none."""
    if not codes:
        return {}
    return dict(ReasonCode.objects.filter(code__in=codes).values_list("code", "label"))
