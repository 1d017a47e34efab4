"""The command palette (Ctrl+K): any id, or a reference that bookings name, leads there by exact look-ups. All else
leads to the search page, which looks for it in every way."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.dataclasses import SearchResult

from events import audit
from projections.admin.fare_search import FareSearch, Kind, search_exact, search_reference
from projections.admin.fare_urls import CHANGELIST, VIEW
from projections.admin.pasted import tidied
from projections.admin.search_page import address_of

SHORTEST = 3
"""Characters from which on a search is offered: the palette asks with every letter."""


def find_fare(request: HttpRequest, term: str) -> list[SearchResult]:
    """The fare of the booking that was typed or named, or the bookings that name what was typed; last the search page.

    The shell gives `term` in small letters.
    """
    if not request.user.has_perm(VIEW):
        return []
    return list(_results(request, request.GET.get("s", "")))


def _results(request: HttpRequest, typed: str) -> Iterator[SearchResult]:
    query = typed.strip()
    plain = tidied(query)
    found = search_exact(query) or (search_exact(plain) if plain not in ("", query) else None)
    if found is not None and found.exact is not None:
        _note(request, typed, found)
        link = address_of(found.exact, found.version)
        said = _("Fare, at one of its events") if found.version else _("Fare")
        yield SearchResult(title=found.exact, description=said, link=link, icon="receipt_long")
        return
    reference = search_reference(query)
    if reference is not None:
        _note(request, typed, FareSearch(kind=Kind.REFERENCE))
        yield _list(reference, title=reference, description=_("Fares"))
    elif len(query) >= SHORTEST:
        title = _("Search for “%(query)s”") % {"query": query}
        yield _list(query, title=title, description=_("Ids with it in them, amounts"), icon="search")


def _list(query: str, *, title: str, description: str, icon: str = "receipt_long") -> SearchResult:
    link = f"{reverse(f'admin:{CHANGELIST}')}?{urlencode({'q': query})}"
    return SearchResult(title=title, description=description, link=link, icon=icon)


def _note(request: HttpRequest, typed: str, found: FareSearch) -> None:
    """In the audit: only what is shown, not every letter on the way."""
    audit.record(
        "searched", user=request.user, request=request, booking_id=found.exact, kind=found.kind, text=typed
    )
