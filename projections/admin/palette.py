"""The command palette (Ctrl+K): a booking id, or a reference that bookings name, leads there by exact look-ups."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.dataclasses import SearchResult

from projections.admin.fare_search import search_exact, search_reference
from projections.admin.fares import CHANGELIST, fare_url


def find_fare(request: HttpRequest, term: str) -> list[SearchResult]:
    """The fare of the booking that was typed or named, or the bookings that name what was typed.

    The shell gives `term` in small letters.
    """
    if not request.user.has_perm("projections.view_currentfare"):
        return []
    query = request.GET.get("s", "").strip()
    booking_id = search_exact(query)
    if booking_id is not None:
        link = fare_url(booking_id)
        return [SearchResult(title=booking_id, description=_("Fare"), link=link, icon="receipt_long")]
    reference = search_reference(query)
    if reference is None:
        return []
    link = f"{reverse(f'admin:{CHANGELIST}')}?{urlencode({'q': reference})}"
    return [SearchResult(title=reference, description=_("Fares"), link=link, icon="receipt_long")]
