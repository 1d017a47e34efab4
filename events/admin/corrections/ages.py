"""How long ago, and how long still: "3 hours ago", "2 days left"."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.timesince import timesince
from django.utils.translation import gettext as _


def ago(at: datetime, now: datetime) -> str:
    """How long ago that was, in one unit."""
    if now - at < timedelta(minutes=1):
        return _("just now")
    return _("%(span)s ago") % {"span": timesince(at, now, depth=1)}


def left(until: datetime, now: datetime) -> str:
    """How long there is until then, in one unit."""
    if until <= now:
        return _("no time left")
    if until - now < timedelta(minutes=1):
        return _("less than a minute left")
    return _("%(span)s left") % {"span": timesince(now, until, depth=1)}
