"""What the start page shows to whom, in which order."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from projections.admin.dashboard import by_day, drift_check, feed_lag, large_corrections, today, waiting
from projections.admin.dashboard.card import Asked, Card, shown
from projections.admin.filters import query

FIGURES: Final = (
    Card("today", _("Today, since 00:00 UTC"), "projections.view_currentfare", today.compute, seconds=5),
    Card("waiting", _("Corrections waiting"), "events.view_correction", waiting.compute, is_personal=True),
    Card("feed_lag", _("Feed lag"), "projections.view_projectionstate", feed_lag.compute, seconds=1),
    Card("drift_check", _("Drift"), "projections.view_drift", drift_check.compute),
)
"""Small cards, side by side."""

WIDE: Final = (
    Card(
        "by_day", _("Fares by day and component"), "projections.view_currentfare", by_day.compute, seconds=5
    ),
    Card(
        "large_corrections",
        _("Recent large corrections"),
        "events.view_correction",
        large_corrections.compute,
        seconds=5,
    ),
)
"""Cards as wide as the page, below."""


def index_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The admin's context for its start page, with the cards. `currency`: of the chart; `live`: only what changes."""
    asked = Asked(request.user, currency=_currency(request.GET.get("currency", "")))
    is_live = "live" in request.GET
    return context | {
        "layout": "dashboard/live.html" if is_live else "admin/base_site.html",
        "live_query": query(currency=asked.currency),
        "figures": [shown(card, asked) for card in FIGURES if card.may_be_seen_by(request.user)],
        "wide": [shown(card, asked) for card in WIDE if card.may_be_seen_by(request.user)],
    }


def _currency(text: str) -> str:
    """A currency's code as it was chosen; nothing for what cannot be one."""
    return text if len(text) == 3 and text.isascii() and text.isalpha() and text.isupper() else ""
