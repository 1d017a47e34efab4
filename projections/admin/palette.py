"""The command palette (Ctrl+K): a booking id leads to its fare, by an exact look-up."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.dataclasses import SearchResult

from projections.admin.fare_search import search_exact
from projections.admin.fares import fare_url


def find_fare(request: HttpRequest, term: str) -> list[SearchResult]:
    """The fare of the booking that was typed, if there is one. The shell gives `term` in small letters."""
    if not request.user.has_perm("projections.view_currentfare"):
        return []
    booking_id = search_exact(request.GET.get("s", "").strip())
    if booking_id is None:
        return []
    link = fare_url(booking_id)
    return [SearchResult(title=booking_id, description=_("Fare"), link=link, icon="receipt_long")]
