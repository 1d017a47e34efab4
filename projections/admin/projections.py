"""Projections in the admin: how they are, pause and resume, and what was set aside."""

from __future__ import annotations

from typing import Any

import redis
from django.contrib import admin, messages
from django.db import Error, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from events import audit
from events.admin.pages import OwnPages, short
from projections import control, status
from projections.admin import repair_lines, repairs, set_asides
from projections.admin.clockwork import Clockwork
from projections.admin.projection_lines import RUNS, ProjectionLine, ProjectionsPage
from projections.admin.run_lines import RunLine
from projections.models import ProjectionState, Rebuild, Repair
from projections.projectors import UnknownProjection, projector
from projections.wording import capitalised

CHANGELIST = "projections_projectionstate_changelist"
CHANGE = "projections_projectionstate_change"
PAUSE = "projections_projectionstate_pause"
RESUME = "projections_projectionstate_resume"
SET_ASIDE = "projections_set_aside"
RETRY = "projections_set_aside_retry"
MAY_VIEW = "projections.view_projectionstate"
MAY_PAUSE = "projections.change_projectionstate"
MAY_RETRY = "projections.retry_setaside"


@admin.register(ProjectionState)
class ProjectionAdmin(OwnPages):
    """A table of all, a page for each, and the list of what was set aside, which has no model of its own."""

    def get_urls(self) -> list[URLPattern]:
        """Only the pages that exist."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=CHANGELIST),
            path("set-aside/", view(self.set_aside_view), name=SET_ASIDE),
            path("set-aside/retry/", view(self.retry_view), name=RETRY),
            path("<slug:name>/", view(self.projection_view), name=CHANGE),
            path("<slug:name>/pause/", view(self.pause_view), name=PAUSE),
            path("<slug:name>/resume/", view(self.resume_view), name=RESUME),
        ]

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All projections. `live`: only the part that changes."""
        self.require(request, MAY_VIEW)
        template = (
            "operations/projections_live.html" if "live" in request.GET else "operations/projections.html"
        )
        return self.page(request, template, _("Projections"), page=_all())

    @method_decorator(require_safe)
    def projection_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """One projection. `live`: only the part that changes."""
        self.require(request, MAY_VIEW)
        _require_known(name)
        line = next(ProjectionLine(one) for one in status.statuses() if one.name == name)
        runs = [
            RunLine(run) for run in Rebuild.objects.filter(projection=name).order_by("-started_at")[:RUNS]
        ]
        template = (
            "operations/projection_live.html" if "live" in request.GET else "operations/projection.html"
        )
        return self.page(request, template, line.title, line=line, runs=runs)

    @method_decorator(require_POST)
    def pause_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Nothing moves the projection until it is resumed."""
        self.require(request, MAY_PAUSE)
        _require_known(name)
        with transaction.atomic():
            has_paused = control.pause(name, request.user.get_username())
            if has_paused:
                audit.record("projection_paused", user=request.user, request=request, projection=name)
        what = {"projection": capitalised(name)}
        if has_paused:
            messages.success(request, _("%(projection)s is paused.") % what)
        else:
            messages.info(request, _("%(projection)s was paused already.") % what)
        return redirect(_back(request, name))

    @method_decorator(require_POST)
    def resume_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """It is moved again from where it was."""
        self.require(request, MAY_PAUSE)
        _require_known(name)
        with transaction.atomic():
            has_resumed = control.resume(name, request.user.get_username())
            if has_resumed:
                audit.record("projection_resumed", user=request.user, request=request, projection=name)
        what = {"projection": capitalised(name)}
        if has_resumed:
            messages.success(request, _("%(projection)s goes on from where it was.") % what)
        else:
            messages.info(request, _("%(projection)s was not paused.") % what)
        return redirect(_back(request, name))

    @method_decorator(require_safe)
    def set_aside_view(self, request: HttpRequest) -> HttpResponse:
        """What was set aside. `projection`: of which."""
        self.require(request, MAY_VIEW)
        page = set_asides.read_page(request.GET.get("projection", ""))
        under_way = repair_lines.under_way(Repair.Kind.RETRY)
        return self.page(request, "operations/set_aside.html", _("Set aside"), page=page, under_way=under_way)

    @method_decorator(require_POST)
    def retry_view(self, request: HttpRequest) -> HttpResponse:
        """Has a worker fold anew the booking of `only`, every `booking` that was selected, or with `all` whatever is
        set aside in the projection; to the repair's page, or back to the list where there is nothing to retry."""
        self.require(request, MAY_RETRY)
        only = request.POST.get("only")
        if "all" in request.POST:
            places = set_asides.all_places(request.POST.get("projection", ""))
        else:
            places = set_asides.places(request, [only] if only else request.POST.getlist("booking"))
        if places:
            return redirect(repairs.ask(request, Repair.Kind.RETRY, places))
        if "all" in request.POST:
            messages.info(request, _("Nothing is set aside any more."))
        return redirect(set_asides.address(request.POST.get("projection", "")))


def _all() -> ProjectionsPage:
    try:
        lines = [ProjectionLine(one) for one in status.statuses()]
        return ProjectionsPage(lines, clockwork=Clockwork.read(timezone.now()))
    except (Error, redis.RedisError) as error:
        return ProjectionsPage([], short(error))


def _require_known(name: str) -> None:
    try:
        projector(name)
    except UnknownProjection as error:
        raise Http404(str(error)) from error


def _back(request: HttpRequest, name: str) -> str:
    """Where the button was pressed: the projection's own page, or the table."""
    own = reverse(f"admin:{CHANGE}", args=[name])
    return own if request.headers.get("Referer", "").endswith(own) else reverse(f"admin:{CHANGELIST}")
