"""Rebuilds in the admin: started, watched, accepted, cancelled. The work itself is Celery's, never a request's."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import OperationalError as BrokerAway

from events import audit, partitions
from events.admin.pages import OwnPages
from projections import rebuild as rebuilds
from projections import tasks
from projections.admin.filters import query
from projections.admin.rebuild_form import RebuildForm
from projections.admin.run_lines import RunLine
from projections.admin.what_they_are import what_it_is
from projections.models import Rebuild
from projections.projectors import UnknownProjection, projector
from projections.rebuild import CannotRebuild, RebuildUnderWay, UnknownRebuild
from projections.wording import capitalised

CHANGELIST = "projections_rebuild_changelist"
CHANGE = "projections_rebuild_change"
START = "projections_rebuild_start"
ACCEPT = "projections_rebuild_accept"
CANCEL = "projections_rebuild_cancel"
MAY_VIEW = "projections.view_rebuild"
MAY_START = "projections.add_rebuild"
MAY_DECIDE = "projections.change_rebuild"

PAGE = 50

logger = logging.getLogger(__name__)


@admin.register(Rebuild)
class RebuildAdmin(OwnPages):
    """The list of runs, a page per run, and the form that starts one."""

    def get_urls(self) -> list[URLPattern]:
        """Only the pages that exist."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=CHANGELIST),
            path("of/<slug:projection>/", view(self.start_view), name=START),
            path("<uuid:rebuild_id>/", view(self.run_view), name=CHANGE),
            path("<uuid:rebuild_id>/accept/", view(self.accept_view), name=ACCEPT),
            path("<uuid:rebuild_id>/cancel/", view(self.cancel_view), name=CANCEL),
        ]

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All runs, the latest first. `page`: counts from 1."""
        self.require(request, MAY_VIEW)
        text = request.GET.get("page", "")
        number = int(text) if text.isdecimal() and 0 < len(text) < 6 else 1
        first = (max(number, 1) - 1) * PAGE
        found = list(Rebuild.objects.order_by("-started_at")[first : first + PAGE + 1])
        runs = [RunLine(run) for run in found[:PAGE]]
        older = query(page=str(number + 1)) if len(found) > PAGE else ""
        return self.page(request, "operations/rebuilds.html", _("Rebuilds"), runs=runs, next_query=older)

    @method_decorator(require_safe)
    def run_view(self, request: HttpRequest, rebuild_id: UUID) -> HttpResponse:
        """One run. `live`: only the part that changes."""
        self.require(request, MAY_VIEW)
        run = RunLine(_rebuild(rebuild_id))
        template = "operations/rebuild_live.html" if "live" in request.GET else "operations/rebuild.html"
        title = _("Rebuild of %(projection)s") % {"projection": run.title}
        return self.page(request, template, title, run=run)

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def start_view(self, request: HttpRequest, projection: str) -> HttpResponse:
        """The form that starts a rebuild. `partitions`: filled in."""
        self.require(request, MAY_START)
        try:
            has_tables = bool(projector(projection).tables)
        except UnknownProjection as error:
            raise Http404(str(error)) from error
        given = request.POST if request.method == "POST" else None
        form = RebuildForm(given, initial={"partitions": request.GET.get("partitions", "")})
        run = _started(request, projection, form)
        if run is not None:
            return redirect(reverse(f"admin:{CHANGE}", args=[run.pk]))
        return self.page(
            request,
            "operations/start_rebuild.html",
            _("Rebuild %(projection)s") % {"projection": capitalised(projection).lower()},
            form=form,
            what=what_it_is(projection),
            has_tables=has_tables,
            projection=projection,
            of_title=capitalised(projection),
            unfinished=rebuilds.unfinished(projection),
            last_partition=partitions.count() - 1,
        )

    @method_decorator(require_POST)
    def accept_view(self, request: HttpRequest, rebuild_id: UUID) -> HttpResponse:
        """Lets a run that waits swap in what its new version gives."""
        self.require(request, MAY_DECIDE)
        _accept(request, _rebuild(rebuild_id))
        return redirect(reverse(f"admin:{CHANGE}", args=[rebuild_id]))

    @method_decorator(require_POST)
    def cancel_view(self, request: HttpRequest, rebuild_id: UUID) -> HttpResponse:
        """Ends a run without touching the view that is read."""
        self.require(request, MAY_DECIDE)
        run = _rebuild(rebuild_id)
        if run.finished:
            messages.info(request, _("This run had ended already."))
        else:
            with transaction.atomic():
                rebuilds.cancel(run.pk, request.user.get_username())
                _note(request, "rebuild_cancelled", run)
        return redirect(reverse(f"admin:{CHANGE}", args=[rebuild_id]))


def _rebuild(rebuild_id: UUID) -> Rebuild:
    try:
        return rebuilds.get(rebuild_id)
    except UnknownRebuild as error:
        raise Http404(str(error)) from error


def _started(request: HttpRequest, projection: str, form: RebuildForm) -> Rebuild | None:
    """The run that the form asks for, on its way; None if it cannot be, and why is said at the form."""
    if not form.is_valid():
        return None
    try:
        with transaction.atomic():
            under_way = rebuilds.unfinished(projection)
            run = rebuilds.start(
                projection,
                **form.cleaned_data,
                requested_by=request.user.get_username(),
                request_id=getattr(request, "request_id", ""),
            )
            _note_start(request, run, under_way)
    except (CannotRebuild, RebuildUnderWay) as error:
        form.add_error(None, str(error))
        return None
    _hand_to_worker(request, run)
    return run


def _accept(request: HttpRequest, run: Rebuild) -> None:
    """Asking for the same rebuild with acceptance takes up the one that waits; it is held meanwhile, so that none is
    begun anew in place of one that somebody else has accepted or cancelled."""
    waiting = Rebuild.objects.filter(pk=run.pk, state=Rebuild.State.WAITING, cancel_requested_at=None)
    try:
        with transaction.atomic():
            if waiting.select_for_update(no_key=True).first() is None:
                messages.info(request, _("This run does not wait for acceptance any more."))
                return
            rebuilds.start(run.projection, partitions=run.partitions, dry_run=run.dry_run, accept=True)
            _note(request, "rebuild_accepted", run)
    except (CannotRebuild, RebuildUnderWay, UnknownProjection) as error:
        messages.error(request, str(error))
        return
    _hand_to_worker(request, run)


def _note_start(request: HttpRequest, run: Rebuild, under_way: Rebuild | None) -> None:
    """Who asks again, or at the same moment as another, has started nothing, and is told so."""
    if run != under_way and run.request_id == getattr(request, "request_id", ""):
        _note(request, "rebuild_started", run)
        return
    who = run.requested_by or _("the schedule")
    messages.info(request, _("This rebuild was under way already, started by %(who)s.") % {"who": who})
    if run.accept and under_way is not None and not under_way.accept:
        _note(request, "rebuild_accepted", run)


def _note(request: HttpRequest, what: str, run: Rebuild) -> None:
    audit.record(what, user=request.user, request=request, projection=run.projection, rebuild=str(run.pk))


def _hand_to_worker(request: HttpRequest, run: Rebuild) -> None:
    try:
        tasks.rebuild.apply_async(kwargs={"rebuild_id": str(run.pk)}, retry=False)
    except (BrokerAway, OSError) as error:
        # The run is noted: the sweep finds it as soon as tasks get through again.
        logger.warning("no word could be left for rebuild %s: %s", run.pk, error)
        messages.warning(
            request,
            _("The rebuild is noted, but the workers cannot be reached now. It begins once they can."),
        )
