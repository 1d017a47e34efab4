"""What Redis knows of projections: the cache's hit rate, and how far the readers of the stream are."""

from __future__ import annotations

from dataclasses import dataclass

import redis
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.admin.pages import short
from projections import cache
from projections.admin import spans
from projections.streams import groups


@dataclass(frozen=True, slots=True)
class GroupLine:
    """What a consumer group of the stream has still to do."""

    name: str
    behind: str


def group_lines() -> list[GroupLine] | str:
    """A line per consumer group; an error in words where Redis does not say."""
    try:
        totals = groups.totals(groups.group_lags())
    except (redis.RedisError, RuntimeError) as error:
        return short(error)
    return [GroupLine(one.group, _group_behind(one.lag, one.pending)) for one in totals]


def hit_rate() -> str:
    """ "Hit rate 97.3 %"; an error in words where Redis does not say."""
    try:
        rate = cache.hit_rate()
    except redis.RedisError as error:
        return _("Hit rate unknown: %(error)s") % {"error": short(error)}
    return _("No reads counted yet") if rate is None else _("Hit rate %(rate).1f %%") % {"rate": 100 * rate}


def in_one_line(found: list[GroupLine]) -> list[str]:
    """ "2 consumer groups: billing up to date, insights 12 events behind"."""
    if not found:
        return [_("No consumer group reads it")]
    some = ngettext("%(number)d consumer group", "%(number)d consumer groups", len(found))
    return [some % {"number": len(found)} + ": " + ", ".join(f"{one.name} {one.behind}" for one in found[:3])]


def _group_behind(lag: int, pending: int) -> str:
    behind = spans.lag(lag, None)
    return (
        behind
        if not pending
        else _("%(behind)s, %(number)s not acknowledged")
        % {
            "behind": behind,
            "number": spans.count(pending),
        }
    )
