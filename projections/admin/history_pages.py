"""Pages of a fare's history in the admin: one event, its metadata, two states compared, and all of it as JSON."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from events import audit, history
from events.admin.pages import OwnPages
from events.api.representation import event_as_json
from events.as_of import Bounds
from events.errors import UnknownBooking, UnknownEvent
from events.event import FareEvent
from projections.admin.as_of_form import AsOfForm, as_of_query
from projections.admin.diff_page import DiffForm, read_diff_page
from projections.admin.event_page import read_event_page
from projections.admin.fare_urls import DIFF, EVENT, EVENT_JSON, FARE_JSON, METADATA, VIEW
from projections.fare import fare_as_json
from projections.past_fare import past_fare_as_json
from projections.pretty_json import pretty_json
from projections.queries import fare_in_ledger

_NOT_THERE: Final = (UnknownBooking, UnknownEvent)
"""What an address may name that the ledger does not have: a 404. That the ledger is away is none."""


class HistoryPages(OwnPages):
    """What is read of a booking beside its fare page."""

    def history_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        event = "<path:object_id>/events/<int:version>/"
        return [
            path(event, view(self.event_view), name=EVENT),
            path(f"{event}metadata/", view(self.metadata_view), name=METADATA),
            path(f"{event}json/", view(self.event_json_view), name=EVENT_JSON),
            path("<path:object_id>/diff/", view(self.diff_view), name=DIFF),
            path("<path:object_id>/json/", view(self.fare_json_view), name=FARE_JSON),
        ]

    @method_decorator(require_safe)
    def event_view(self, request: HttpRequest, object_id: str, version: int) -> HttpResponse:
        """One event in words and in full."""
        self.require(request, VIEW)
        try:
            event = read_event_page(object_id, version)
        except _NOT_THERE as error:
            raise Http404(error.detail) from error
        title = _("Version %(version)s of %(booking)s") % {"version": version, "booking": object_id}
        return self.page(request, "fares/event_page.html", title, page=event, event=event.event)

    @method_decorator(require_safe)
    def metadata_view(self, request: HttpRequest, object_id: str, version: int) -> HttpResponse:
        """One event's metadata, fetched when somebody opens it: a part of a page, or a page where no script runs."""
        self.require(request, VIEW)
        event = _event(object_id, version)
        audit.record(
            "metadata_read", user=request.user, request=request, booking_id=object_id, version=version
        )
        text = None if event.metadata_text is None else pretty_json(event.metadata_text)
        if "HX-Request" in request.headers:
            return TemplateResponse(request, "fares/metadata.html", {"event": event, "text": text})
        title = _("Metadata of version %(version)s") % {"version": version}
        return self.page(request, "fares/metadata_page.html", title, event=event, text=text)

    @method_decorator(require_safe)
    def diff_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Two states side by side: `from` and `to` by version, `from_time` and `to_time` by what we knew then."""
        self.require(request, VIEW)
        form, compared = DiffForm(request.GET), None
        try:
            head = history.last_of(object_id)
            if form.is_valid():
                compared = read_diff_page(object_id, *form.points(head.version))
        except UnknownBooking as error:
            raise Http404(error.detail) from error
        except UnknownEvent:
            latest = _("The latest version is %(version)s.") % {"version": head.version}
            form.add_error(None, latest)
        title = _("Compare fares of %(booking)s") % {"booking": object_id}
        status = 400 if form.errors else 200
        return self.page(request, "fares/diff.html", title, status, form=form, page=compared, head=head)

    @method_decorator(require_safe)
    def fare_json_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The fare as the API tells it, from the ledger; as of then with the parameters of the fare page."""
        self.require(request, VIEW)
        form = AsOfForm(request.GET)
        if not form.is_valid():
            return _as_json(form.errors.get_json_data(), status=400)
        try:
            fare = _fare(object_id, form.bounds)
        except _NOT_THERE as error:
            raise Http404(error.detail) from error
        audit.record(
            "raw_read", user=request.user, request=request, booking_id=object_id, **_asked(form.bounds)
        )
        return _as_json(fare)

    @method_decorator(require_safe)
    def event_json_view(self, request: HttpRequest, object_id: str, version: int) -> HttpResponse:
        """The event as the API tells it, with its metadata."""
        self.require(request, VIEW)
        event = _event(object_id, version)
        audit.record("raw_read", user=request.user, request=request, booking_id=object_id, version=version)
        return _as_json(event_as_json(event))


def _event(booking_id: str, version: int) -> FareEvent:
    try:
        return history.event_of(booking_id, version)
    except _NOT_THERE as error:
        raise Http404(error.detail) from error


def _fare(booking_id: str, bounds: Bounds) -> dict[str, Any]:
    return past_fare_as_json(booking_id, bounds) if bounds else fare_as_json(fare_in_ledger(booking_id))


def _asked(bounds: Bounds) -> dict[str, Any]:
    """The bounds as the audit keeps them; nothing for the fare of now."""
    return dict(parse_qsl(as_of_query(bounds)))


def _as_json(document: Any, status: int = 200) -> HttpResponse:
    """A document spread over lines, as people read it."""
    text = pretty_json(msgspec.json.encode(document).decode())
    return HttpResponse(text, content_type="application/json", status=status)
