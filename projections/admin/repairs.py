"""Repairs in the admin: noted, handed to a worker, and watched. The work itself is Celery's, never a request's."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError as BrokerAway

from events import audit
from events.admin.pages import OwnPages
from projections import repairs, tasks
from projections.admin.repair_lines import RepairLine
from projections.models import Repair
from projections.repairs import Place, UnknownRepair

CHANGELIST = "projections_repair_changelist"
CHANGE = "projections_repair_change"
MAY_VIEW = "projections.view_repair"

SHOWN = 50
"""Repairs on the list, the latest first."""

MOST_ENTRIES = 200
"""Bookings of a repair that the audit has an entry each of."""

_AUDITED = {Repair.Kind.RETRY: "projection_retried", Repair.Kind.PUT_RIGHT: "projection_repaired"}

logger = logging.getLogger(__name__)


@admin.register(Repair)
class RepairAdmin(OwnPages):
    """The list of repairs, and a page for each."""

    def get_urls(self) -> list[URLPattern]:
        """Only the pages that exist."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=CHANGELIST),
            path("<uuid:repair_id>/", view(self.repair_view), name=CHANGE),
        ]

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The latest repairs."""
        self.require(request, MAY_VIEW)
        lines = [RepairLine(repair) for repair in Repair.objects.order_by("-started_at")[:SHOWN]]
        return self.page(request, "operations/repairs.html", _("Retries and repairs"), lines=lines)

    @method_decorator(require_safe)
    def repair_view(self, request: HttpRequest, repair_id: UUID) -> HttpResponse:
        """One repair. `live`: only the part that changes."""
        self.require(request, MAY_VIEW)
        try:
            line = RepairLine(repairs.get(repair_id))
        except UnknownRepair as error:
            raise Http404(str(error)) from error
        template = "operations/repair_live.html" if "live" in request.GET else "operations/repair.html"
        return self.page(request, template, line.title, line=line)


def ask(request: HttpRequest, kind: Repair.Kind, places: Sequence[Place]) -> str:
    """Notes a repair of these places, at least one, in the audit too, and hands it to a worker; answers the address of
    its page."""
    with transaction.atomic():
        repair = repairs.start(
            kind,
            places,
            requested_by=request.user.get_username(),
            request_id=getattr(request, "request_id", ""),
        )
        _note(request, kind, repair, places)
    _hand_to_worker(request, repair)
    return reverse(f"admin:{CHANGE}", args=[repair.pk])


def _note(request: HttpRequest, kind: Repair.Kind, repair: Repair, places: Sequence[Place]) -> None:
    """An entry of the audit for each booking; where they are many, one for all: the repair names them."""
    who: dict[str, Any] = {"user": request.user, "request": request}
    if len(places) > MOST_ENTRIES:
        audit.record(_AUDITED[kind], **who, repair=str(repair.pk), bookings=len(places))
        return
    for place in dict.fromkeys(places):
        audit.record(
            _AUDITED[kind],
            **who,
            booking_id=place.booking_id,
            projection=place.projection,
            repair=str(repair.pk),
        )


def _hand_to_worker(request: HttpRequest, repair: Repair) -> None:
    try:
        tasks.repair.apply_async(kwargs={"repair_id": str(repair.pk)}, retry=False)
    except (BrokerAway, OSError) as error:
        # It is noted: the sweep finds it as soon as tasks get through again.
        logger.warning("no word could be left for repair %s: %s", repair.pk, error)
        messages.warning(
            request, _("It is noted, but the workers cannot be reached now. It begins once they can.")
        )
