"""Corrections that wait: those that whoever looks can approve, else all; and the one that has waited longest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.admin.corrections import badge
from events.corrections import people, queue
from events.corrections.models import Correction, Needs
from events.corrections.wording import asked_for
from projections.admin import spans
from projections.admin.dashboard.card import Asked


@dataclass(frozen=True, slots=True)
class Oldest:
    """The correction that has waited longest."""

    id: UUID
    booking_id: str
    what: str
    proposed_at: datetime
    ago: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait. Of somebody who approves corrections, the headline is what they can approve, as the navigation
    counts it, and the rest is told below."""

    all: int
    for_viewer: int | None
    """None: the viewer approves none."""
    own: int
    """Of those, the viewer's own, where the viewer approves others."""
    for_a_lead: int
    """Of others, those that the viewer's right does not reach to."""
    oldest: Oldest | None
    """Of those that the viewer can approve; where there are none, of all."""

    @property
    def headline(self) -> str:
        return counted(self.all if self.for_viewer is None else self.for_viewer)

    @property
    def for_viewer_text(self) -> str:
        if self.for_viewer is None or not self.all:
            return ""
        return _("for you to decide") if self.for_viewer else _("Somebody else decides what waits")

    @property
    def rest_text(self) -> str:
        """ "3 wait in all: 1 proposed by you, 1 needs a lead"; nothing where the headline counts them all."""
        parts = []
        if self.own:
            parts.append(_("%(number)s proposed by you") % {"number": counted(self.own)})
        if self.for_a_lead:
            large = ngettext("%(number)s needs a lead", "%(number)s need a lead", self.for_a_lead)
            parts.append(large % {"number": counted(self.for_a_lead)})
        if not parts:
            return ""
        all = ngettext("%(number)s waits in all", "%(number)s wait in all", self.all)
        return all % {"number": counted(self.all)} + ": " + ", ".join(parts)


def compute(asked: Asked) -> Waiting:
    """Counts no further than the queue does."""
    user: Any = asked.user
    for_viewer = badge.for_person(user)
    others = queue.waiting() if for_viewer is None else queue.waiting().exclude(proposed_by=user.pk)
    within = others if for_viewer is None or _may_decide_large(user) else others.exclude(needs=Needs.LEAD)
    oldest = queue.oldest(within) or queue.oldest(queue.waiting())
    return Waiting(
        all=queue.waiting_count(),
        for_viewer=for_viewer,
        own=0 if for_viewer is None else queue.counted(queue.waiting().filter(proposed_by=user.pk)),
        for_a_lead=0 if within is others else queue.counted(others.filter(needs=Needs.LEAD)),
        oldest=_line(oldest, asked) if oldest else None,
    )


def _may_decide_large(user: Any) -> bool:
    return bool(user.has_perm(people.DECIDE_LARGE))


def _line(correction: Correction, asked: Asked) -> Oldest:
    return Oldest(
        correction.pk,
        correction.booking_id,
        asked_for(correction),
        correction.proposed_at,
        spans.ago(correction.proposed_at, asked.now),
    )


def counted(number: int) -> str:
    """ "7"; "99+" for what was not counted to its end."""
    return badge.counted(number) or "0"
