"""When the views were last checked against the ledger, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Max, Min
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events import partitions
from projections import findings
from projections.admin import spans
from projections.admin.clockwork import MONITOR, Schedules
from projections.admin.dashboard.card import Asked
from projections.models import DriftWalk
from projections.projectors import PROJECTORS

COUNTED: Final = 99
"""Rows that differ are counted up to so many and one more."""

LATE_SECONDS: Final = 300.0
"""The monitor checks something every few seconds; after so long without, its last word is old."""


@dataclass(frozen=True, slots=True)
class DriftCheck:
    """The last check of anything, the proof that is the oldest, and how many rows differ."""

    checked_at: datetime | None
    proven_at: datetime | None
    """Every partition of every view was found equal since; None: some never was."""
    rows: int
    now: datetime
    is_watched: bool = True
    """Whether the monitor's schedule is on."""

    @property
    def headline(self) -> str:
        if not self.rows:
            return _("None found") if self.checked_at else _("Not checked yet")
        number = str(self.rows) if self.rows <= COUNTED else f"{COUNTED}+"
        return ngettext("%(number)s row differs", "%(number)s rows differ", self.rows) % {"number": number}

    @property
    def mood(self) -> str:
        return "drift" if self.rows else "behind" if self.is_stale or not self.is_watched else "current"

    @property
    def is_stale(self) -> bool:
        return self.checked_at is None or (self.now - self.checked_at).total_seconds() > LATE_SECONDS

    @property
    def checked_text(self) -> str:
        return spans.ago(self.checked_at, self.now) if self.checked_at else _("never")

    @property
    def proven_text(self) -> str:
        return spans.ago(self.proven_at, self.now) if self.proven_at else _("not yet")


def compute(asked: Asked) -> DriftCheck:
    """Reads a row for each partition of each view."""
    views = [one.name for one in PROJECTORS if one.tables]
    found = DriftWalk.objects.filter(projection__in=views).aggregate(
        checked=Max("checked_at"), proven=Min("proven_at"), proofs=Count("proven_at")
    )
    is_proven = found["proofs"] == len(views) * partitions.count()
    return DriftCheck(
        checked_at=found["checked"],
        proven_at=found["proven"] if is_proven else None,
        rows=findings.drift()[: COUNTED + 1].count(),
        now=asked.now,
        is_watched=Schedules.read().is_on(MONITOR),
    )
