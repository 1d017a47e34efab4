"""Fares in the admin: a search page and a page per booking. Nothing here is added, changed or deleted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from unfold.admin import ModelAdmin

from events import history
from events.errors import LedgerError, UnknownBooking
from events.new_event import MAX_VERSION
from projections.admin.fare_page import read_fare_page
from projections.admin.fare_search import FareSearch, recent_fares, search_fares
from projections.models import CurrentFare
from projections.pretty_json import pretty_json

CHANGELIST = "projections_currentfare_changelist"
CHANGE = "projections_currentfare_change"
METADATA = "projections_currentfare_metadata"


def _version(text: str) -> int | None:
    """The version that a query parameter names; None if it cannot be one."""
    return int(text) if text.isdecimal() and len(text) <= len(str(MAX_VERSION)) else None


def fare_url(booking_id: str) -> str:
    """The permalink of a booking's fare. The id stands in it as it is, not in the admin's `_3A` quoting."""
    return reverse(f"admin:{CHANGE}", args=[booking_id])


@admin.register(CurrentFare)
class FareAdmin(ModelAdmin):
    """Search and page are our own: a change list counts, pages by OFFSET and sorts what no index serves."""

    def get_urls(self) -> list[URLPattern]:
        """Only the pages that exist."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=CHANGELIST),
            path("<path:object_id>/change/", view(self.change_view), name=CHANGE),
            path("<path:object_id>/events/<int:version>/metadata/", view(self.metadata_view), name=METADATA),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The search page. `q`: a booking id or its beginning; `after`: the last id of the page before."""
        self._require_view_permission(request)
        query = request.GET.get("q", "").strip()
        if not query:
            return self._page(request, "fares/search.html", _("Fares"), recent=recent_fares())
        found = search_fares(query, after=request.GET.get("after", ""))
        if found.exact:
            return redirect(fare_url(found.exact))
        return self._search_page(request, found, status=200)

    @method_decorator(require_safe)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The fare page. `before`: show the events before this version, for long histories."""
        self._require_view_permission(request)
        try:
            fare = read_fare_page(object_id, before=_version(request.GET.get("before", "")))
        except UnknownBooking:
            return self._search_page(request, search_fares(object_id), status=404)
        title = _("Fare of %(booking)s") % {"booking": fare.booking_id}
        return self._page(request, "fares/page.html", title, fare=fare)

    @method_decorator(require_safe)
    def metadata_view(self, request: HttpRequest, object_id: str, version: int) -> HttpResponse:
        """One event's metadata, fetched when somebody opens it."""
        self._require_view_permission(request)
        try:
            event = history.event_of(object_id, version)
        except LedgerError as error:
            raise Http404(error.detail) from error
        text = None if event.metadata_text is None else pretty_json(event.metadata_text)
        return TemplateResponse(request, "fares/metadata.html", {"event": event, "text": text})

    def _require_view_permission(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied("projections.view_currentfare")

    def _search_page(self, request: HttpRequest, search: FareSearch, status: int) -> HttpResponse:
        title = _("Unknown booking") if status == 404 else _("Fares")
        return self._page(request, "fares/search.html", title, status, search=search, unknown=status == 404)

    def _page(
        self, request: HttpRequest, template: str, title: str, status: int = 200, **context: Any
    ) -> TemplateResponse:
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), "title": title, **context}
        return TemplateResponse(request, template, context, status=status)
