"""Drift in the admin: listed, and put right."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from projections.admin.drift_page import MAX_ID_DIGITS, PAGE, DriftPage
from projections.admin.pages import OwnPages, record, short
from projections.models import Drift
from projections.projectors import UnknownProjection, projector
from projections.rebuild import repair_booking
from projections.set_aside import CannotFoldOne
from projections.wording import capitalised

CHANGELIST = "projections_drift_changelist"
PUT_RIGHT = "projections_drift_put_right"
VIEW = "projections.view_drift"
CHANGE = "projections.change_drift"

logger = logging.getLogger(__name__)


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
        return self.page(request, "operations/drift.html", _("Drift"), page=DriftPage.of(request.GET))

    @method_decorator(require_POST)
    def put_right_view(self, request: HttpRequest) -> HttpResponse:
        """Folds the bookings of `only`, or of every `drift` that was selected, anew; back to the list."""
        self.require(request, CHANGE)
        chosen = [request.POST["only"]] if "only" in request.POST else request.POST.getlist("drift")
        ids = [int(text) for text in chosen if text.isdecimal() and len(text) <= MAX_ID_DIGITS][:PAGE]
        rows = Drift.objects.filter(pk__in=ids, put_right_at=None, is_expected=False).order_by("pk")
        places = {(row.projection, row.booking_id): row for row in rows}  # a booking may be listed twice
        for row in places.values():
            _put_right(request, row)
        if not places:
            messages.info(request, _("Nothing was selected, or all of it is right already."))
        back = DriftPage.of(QueryDict(request.POST.get("back", ""))).query
        return redirect(reverse(f"admin:{CHANGELIST}") + (f"?{back}" if back else ""))


def _put_right(request: HttpRequest, row: Drift) -> None:
    what = {"what": row.booking_id or row.key, "projection": capitalised(row.projection)}
    try:
        if row.booking_id is None:
            raise CannotFoldOne(f"{row.projection} has no rows of single bookings")
        repair_booking(projector(row.projection), row.booking_id)
    except (CannotFoldOne, UnknownProjection):
        messages.error(request, _("%(what)s in %(projection)s is put right by a rebuild only.") % what)
    except Exception as error:  # the projector's own, or the database's: nothing was changed, and it is shown
        logger.exception("%s could not be put right in %s", row.booking_id, row.projection)
        messages.error(
            request,
            _("%(what)s in %(projection)s could not be put right: %(error)s")
            % {**what, "error": short(error)},
        )
    else:
        messages.success(request, _("%(what)s in %(projection)s is put right.") % what)
        record(request, Drift, str(row.pk), f"put {row.booking_id} right in {row.projection}")
