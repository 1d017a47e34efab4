"""What the list of drift shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from projections import findings
from projections.admin.drift_lines import DriftLine
from projections.admin.filters import Choice, projection_choices, query
from projections.models import Drift
from projections.projectors import PROJECTORS

PAGE = 25
"""Rows on a page, so also the most that are put right at once."""

PUT_RIGHT = "put-right"
MAX_ID_DIGITS = 18


@dataclass(frozen=True)
class DriftPage:
    """A page of drift, the latest first: open, or put right; or all that one rebuild found."""

    projection: str = ""
    is_open: bool = True
    rebuild: UUID | None = None
    before: int | None = None
    now: datetime = field(default_factory=timezone.now)

    @classmethod
    def of(cls, given: QueryDict) -> DriftPage:
        """The page that an address names; what cannot be meant is left out."""
        projection = given.get("projection", "")
        return cls(
            projection=projection if projection in _names() else "",
            is_open=given.get("state") != PUT_RIGHT,
            rebuild=_uuid(given.get("rebuild", "")),
            before=_id(given.get("before", "")),
        )

    @property
    def lines(self) -> list[DriftLine]:
        return [DriftLine(row, self.now) for row in self._found[:PAGE]]

    @property
    def can_tick(self) -> bool:
        """Whether something on the page can be put right by itself."""
        return any(line.tick for line in self.lines)

    @property
    def next_query(self) -> str:
        """Where the older ones are; nothing if these are the last."""
        if len(self._found) <= PAGE:
            return ""
        return query(**self._choice, before=str(self._found[PAGE - 1].pk))

    @property
    def query(self) -> str:
        """This list's own address, from its beginning."""
        return query(**self._choice)

    @property
    def choices(self) -> list[Choice]:
        states = [
            Choice(_("Open"), "?" + query(projection=self.projection), self._is_chosen(is_open=True)),
            Choice(
                _("Put right"),
                "?" + query(projection=self.projection, state=PUT_RIGHT),
                self._is_chosen(is_open=False),
            ),
        ]
        if self.rebuild:
            return [*states, Choice(_("Of one rebuild"), "?" + self.query, is_chosen=True)]
        return [*states, *projection_choices(_names(), self.projection, state=self._choice["state"])]

    @property
    def _choice(self) -> dict[str, str | None]:
        return {
            "projection": self.projection,
            "state": None if self.is_open else PUT_RIGHT,
            "rebuild": str(self.rebuild) if self.rebuild else None,
        }

    def _is_chosen(self, *, is_open: bool) -> bool:
        return self.rebuild is None and self.is_open == is_open

    @cached_property
    def _found(self) -> list[Drift]:
        """A page, and one more if there are more."""
        rows = self._rows if self.before is None else self._rows.filter(pk__lt=self.before)
        return list(rows.order_by("-pk")[: PAGE + 1])

    @property
    def _rows(self) -> QuerySet[Drift]:
        if self.rebuild:
            return Drift.objects.filter(rebuild_id=self.rebuild)
        rows = findings.drift(is_open=self.is_open)
        return rows.filter(projection=self.projection) if self.projection else rows


def _names() -> list[str]:
    """The views: only what has tables can drift."""
    return [projector.name for projector in PROJECTORS if projector.tables]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _id(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= MAX_ID_DIGITS else None
