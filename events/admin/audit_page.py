"""What the page of the audit shows: the entries that its form or address asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from events.admin.audit_lines import ACTION_WORDS, AuditLine
from events.admin.pages import typed
from events.audit import Asked, entries
from events.models import AuditEntry

PAGE = 50
"""Entries on a page."""

NAMES = 300
"""Names of staff that the form offers; any other can be typed."""

_FIELDS = ("person", "action", "booking", "day")
_MAX_KEY_DIGITS = 19
_MAX_KEY = 2**63 - 1


@dataclass(frozen=True)
class AuditPage:
    """A page of the audit, the latest entry first. What was typed stays in the form, also where it is wrong."""

    typed: dict[str, str]
    before: int | None
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, given: QueryDict) -> AuditPage:
        """The page that an address names."""
        asked = {name: typed(given, name) for name in _FIELDS}
        errors = {}
        if asked["action"] and asked["action"] not in ACTION_WORDS:
            errors["action"] = _("There is no such action.")
        if asked["day"] and _date(asked["day"]) is None:
            errors["day"] = _("This is not a day of the calendar, written like 2026-05-03.")
        return cls(asked, _key(given.get("before", "")), errors)

    @property
    def is_filtered(self) -> bool:
        return any(self.typed.values())

    @property
    def lines(self) -> list[AuditLine]:
        return [AuditLine(entry) for entry in self._found[:PAGE]]

    @property
    def older_query(self) -> str:
        """Where the older entries are; nothing if these are the last."""
        return self._query(before=str(self._found[PAGE - 1].pk)) if len(self._found) > PAGE else ""

    @property
    def newest_query(self) -> str:
        """Where the newest entries of this choice are; nothing if these are they."""
        return self._query() or "?" if self.before is not None else ""

    @property
    def actions(self) -> list[tuple[str, str, bool]]:
        """Name, words and whether it is chosen, of every action."""
        return [(name, str(words), name == self.typed["action"]) for name, words in ACTION_WORDS.items()]

    @property
    def names(self) -> list[str]:
        """Those of the staff, to choose from."""
        staff = get_user_model().objects.filter(is_staff=True).order_by("username")
        return list(staff.values_list("username", flat=True)[:NAMES])

    @property
    def zone(self) -> str:
        """That in which a day begins and ends."""
        return timezone.get_current_timezone_name()

    @cached_property
    def _found(self) -> list[AuditEntry]:
        """A page, and one more if there are more; nothing where the form cannot be understood."""
        if self.errors:
            return []
        asked = Asked(
            person=self.typed["person"] or None,
            action=self.typed["action"] or None,
            booking_id=self.typed["booking"] or None,
            day=_date(self.typed["day"]),
            before=self.before,
        )
        return entries(asked, limit=PAGE + 1)

    def _query(self, **more: str) -> str:
        chosen = {name: value for name, value in {**self.typed, **more}.items() if value}
        return f"?{urlencode(chosen)}" if chosen else ""


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year < 2500 else None


def _key(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_KEY_DIGITS):
        return None
    return min(int(text), _MAX_KEY)
