"""Drift in the admin: listed, and put right."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from events.admin.pages import OwnPages
from projections.admin import repair_lines, repairs
from projections.admin.drift_lines import folds_one
from projections.admin.drift_page import MAX_ID_DIGITS, PAGE, DriftPage
from projections.models import Drift, Repair
from projections.repairs import Place
from projections.wording import capitalised

CHANGELIST = "projections_drift_changelist"
PUT_RIGHT = "projections_drift_put_right"
VIEW = "projections.view_drift"
CHANGE = "projections.change_drift"


@admin.register(Drift)
class DriftAdmin(OwnPages):
    """A list, and one act."""

    def get_urls(self) -> list[URLPattern]:
        """Only the pages that exist."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=CHANGELIST),
            path("put-right/", view(self.put_right_view), name=PUT_RIGHT),
        ]

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """`projection`, `state` (put-right), `rebuild`: of which; `before`: the last id of the page before."""
        self.require(request, VIEW)
        under_way = repair_lines.under_way(Repair.Kind.PUT_RIGHT)
        page = DriftPage.of(request.GET)
        return self.page(request, "operations/drift.html", _("Drift"), page=page, under_way=under_way)

    @method_decorator(require_POST)
    def put_right_view(self, request: HttpRequest) -> HttpResponse:
        """Has a worker fold the bookings of `only`, or of every `drift` that was selected, anew; to the repair's page,
        or back to the list where there is nothing to put right."""
        self.require(request, CHANGE)
        chosen = [request.POST["only"]] if "only" in request.POST else request.POST.getlist("drift")
        ids = [int(text) for text in chosen if text.isdecimal() and len(text) <= MAX_ID_DIGITS][:PAGE]
        rows = list(Drift.objects.filter(pk__in=ids, put_right_at=None, is_expected=False).order_by("pk"))
        places = _places(request, rows)
        if places:
            return redirect(repairs.ask(request, Repair.Kind.PUT_RIGHT, places))
        if not rows:
            messages.info(request, _("Nothing was selected, or all of it is right already."))
        back = DriftPage.of(QueryDict(request.POST.get("back", ""))).query
        return redirect(reverse(f"admin:{CHANGELIST}") + (f"?{back}" if back else ""))


def _places(request: HttpRequest, rows: list[Drift]) -> list[Place]:
    """The bookings that can be put right by themselves; says by a message which of the rows cannot."""
    places = []
    for row in rows:
        if row.booking_id is not None and folds_one(row.projection):
            places.append(Place(row.projection, row.booking_id))
            continue
        what = {"what": row.booking_id or row.key, "projection": capitalised(row.projection)}
        messages.error(request, _("%(what)s in %(projection)s is put right by a rebuild only.") % what)
    return list(dict.fromkeys(places))  # a booking may be listed twice
