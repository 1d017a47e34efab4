"""Events and changed fares today, from the ledger itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from projections.activity import Activity, activity_since, events_before
from projections.admin import spans
from projections.admin.dashboard.card import Asked


@dataclass(frozen=True, slots=True)
class Today:
    """What happened since midnight (UTC), and by the same time of the day before."""

    activity: Activity
    yesterday: int

    @property
    def headline(self) -> str:
        return spans.events(self.activity.events)

    @property
    def fares_text(self) -> str:
        """ "1,204 fares changed", "about 41,000 fares changed"."""
        number = self.activity.fares
        if self.activity.is_exact:
            text = ngettext("%(number)s fare changed", "%(number)s fares changed", number)
            return text % {"number": spans.count(number)}
        return _("about %(number)s fares changed") % {"number": spans.count(_two_figures(number))}

    @property
    def yesterday_text(self) -> str:
        return _("%(events)s by this time yesterday") % {"events": spans.events(self.yesterday)}


def compute(asked: Asked) -> Today:
    """Reads a bounded part of each partition's log."""
    midnight = midnight_of(asked.now)
    day = timedelta(days=1)
    so_far = asked.now.replace(second=0, microsecond=0)  # by minutes, so that it is looked up once in each
    yesterday = events_before(so_far - day) - events_before(midnight - day)
    return Today(activity_since(midnight), yesterday)


def midnight_of(now: datetime) -> datetime:
    """The beginning of the UTC day."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _two_figures(number: int) -> int:
    return round(number, 2 - len(str(number)))
