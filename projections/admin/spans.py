"""Times and numbers as operators read them: "3 s", "2 min ago", "12,345 events"."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def span(seconds: float) -> str:
    """A length of time in one unit, rounded down: "0.4 s", "12 s", "3 min", "5 h", "2 days"."""
    if seconds < 1:
        return _("%(number).1f s") % {"number": max(seconds, 0)}
    if seconds < _MINUTE:
        return _("%(number)d s") % {"number": seconds}
    if seconds < _HOUR:
        return _("%(number)d min") % {"number": seconds // _MINUTE}
    if seconds < _DAY:
        return _("%(number)d h") % {"number": seconds // _HOUR}
    days = int(seconds // _DAY)
    return ngettext("%(number)d day", "%(number)d days", days) % {"number": days}


def ago(at: datetime, now: datetime) -> str:
    """How long ago that was: "just now", "3 min ago"."""
    seconds = (now - at).total_seconds()
    return _("just now") if seconds < 1 else _("%(span)s ago") % {"span": span(seconds)}


def count(number: int) -> str:
    """Thousands grouped: "12,345"."""
    return f"{number:,}"


def events(number: int) -> str:
    """ "1 event", "12,345 events"."""
    return ngettext("%(number)s event", "%(number)s events", number) % {"number": count(number)}


def lag(behind: int, seconds: float | None) -> str:
    """ "up to date", "12 events, 3 s behind"."""
    if not behind:
        return _("up to date")
    if seconds is None:
        return _("%(events)s behind") % {"events": events(behind)}
    return _("%(events)s, %(span)s behind") % {"events": events(behind), "span": span(seconds)}
