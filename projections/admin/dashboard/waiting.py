"""Corrections that wait for somebody, and the one that has waited longest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.corrections import queue
from events.corrections.models import Correction
from events.corrections.wording import asked_for
from projections.admin import spans
from projections.admin.dashboard.card import Asked

MAY_APPROVE = "events.approve_correction"


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
    """How many wait, and how many of them others than the viewer proposed, if the viewer may approve."""

    all: int
    for_viewer: int | None
    oldest: Oldest | None

    @property
    def headline(self) -> str:
        return counted(self.all)

    @property
    def for_viewer_text(self) -> str:
        number = self.for_viewer
        if number is None or not self.all:
            return ""
        if not number:
            return _("All of them are yours: somebody else decides")
        text = ngettext("%(number)s proposed by somebody else", "%(number)s proposed by others", number)
        return text % {"number": counted(number)}


def compute(asked: Asked) -> Waiting:
    """Counts no further than the queue does."""
    user: Any = asked.user
    oldest = queue.oldest_waiting()
    return Waiting(
        all=queue.waiting_count(),
        for_viewer=queue.waiting_count(user.pk) if user.has_perm(MAY_APPROVE) else None,
        oldest=_line(oldest, asked) if oldest else None,
    )


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
    return str(number) if number <= queue.COUNTED else f"{queue.COUNTED}+"
