"""Fares in the admin: a search page and a page per booking. A receipt is issued from there, and nothing changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from events import history
from events.errors import LedgerError, UnknownBooking
from events.new_event import MAX_VERSION
from projections.admin.fare_page import read_fare_page
from projections.admin.fare_search import FareSearch, recent_fares, search_fares
from projections.admin.pages import OwnPages, record
from projections.models import CurrentFare, Receipt
from projections.pretty_json import pretty_json
from projections.receipts import issue, of_number
from projections.receipts.document import Document
from projections.receipts.html import as_html, content_security_policy
from projections.receipts.pdf import as_pdf

CHANGELIST = "projections_currentfare_changelist"
CHANGE = "projections_currentfare_change"
METADATA = "projections_currentfare_metadata"
RECEIPT = "projections_currentfare_receipt"
RECEIPT_PDF = "projections_currentfare_receipt_pdf"
ISSUE = "projections_currentfare_issue_receipt"
VIEW = "projections.view_currentfare"
MAY_ISSUE = "projections.add_receipt"


def _version(text: str) -> int | None:
    """The version that a query parameter names; None if it cannot be one."""
    return int(text) if text.isdecimal() and len(text) <= len(str(MAX_VERSION)) else None


def fare_url(booking_id: str) -> str:
    """The permalink of a booking's fare. The id stands in it as it is, not in the admin's `_3A` quoting."""
    return reverse(f"admin:{CHANGE}", args=[booking_id])


@admin.register(CurrentFare)
class FareAdmin(OwnPages):
    """Search and page are our own: a change list counts, pages by OFFSET and sorts what no index serves."""

    def get_urls(self) -> list[URLPattern]:
        """Only the pages that exist."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=CHANGELIST),
            path("<path:object_id>/change/", view(self.change_view), name=CHANGE),
            path("<path:object_id>/events/<int:version>/metadata/", view(self.metadata_view), name=METADATA),
            path("<path:object_id>/receipts/issue/", view(self.issue_view), name=ISSUE),
            path("<path:object_id>/receipts/<int:sequence>/", view(self.receipt_view), name=RECEIPT),
            path(
                "<path:object_id>/receipts/<int:sequence>.pdf", view(self.receipt_pdf_view), name=RECEIPT_PDF
            ),
        ]

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The search page. `q`: a booking id or its beginning; `after`: the last id of the page before."""
        self.require(request, VIEW)
        query = request.GET.get("q", "").strip()
        if not query:
            return self.page(request, "fares/search.html", _("Fares"), recent=recent_fares())
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
        self.require(request, VIEW)
        try:
            fare = read_fare_page(object_id, before=_version(request.GET.get("before", "")))
        except UnknownBooking:
            found = search_fares(object_id)
            if found.exact:
                return redirect(fare_url(found.exact))
            return self._search_page(request, found, status=404)
        title = _("Fare of %(booking)s") % {"booking": fare.booking_id}
        return self.page(request, "fares/page.html", title, fare=fare)

    @method_decorator(require_safe)
    def metadata_view(self, request: HttpRequest, object_id: str, version: int) -> HttpResponse:
        """One event's metadata, fetched when somebody opens it."""
        self.require(request, VIEW)
        try:
            event = history.event_of(object_id, version)
        except LedgerError as error:
            raise Http404(error.detail) from error
        text = None if event.metadata_text is None else pretty_json(event.metadata_text)
        return TemplateResponse(request, "fares/metadata.html", {"event": event, "text": text})

    @method_decorator(require_POST)
    def issue_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Issues the receipt of the fare as it is now, if it has none yet; back to the fare page, which links it."""
        self.require(request, VIEW)
        self.require(request, MAY_ISSUE)
        now = timezone.now()
        try:
            receipt = issue(object_id, now=now)
        except UnknownBooking as error:
            raise Http404(error.detail) from error
        if receipt.issued_at == now:
            record(request, Receipt, receipt.number, f"issued, of version {receipt.version}")
            said = _("Receipt %(number)s was issued.")
        else:
            said = _("Receipt %(number)s had been issued already: the fare has not changed since.")
        messages.success(request, said % {"number": receipt.number})
        return redirect(fare_url(object_id))

    @method_decorator(require_safe)
    def receipt_view(self, request: HttpRequest, object_id: str, sequence: int) -> HttpResponse:
        """A receipt as the customer gets it."""
        document = self._receipt(request, object_id, sequence)
        answer = HttpResponse(as_html(document))
        answer["Content-Security-Policy"] = content_security_policy()
        return answer

    @method_decorator(require_safe)
    def receipt_pdf_view(self, request: HttpRequest, object_id: str, sequence: int) -> HttpResponse:
        """The same as PDF, to be opened in the browser."""
        document = self._receipt(request, object_id, sequence)
        answer = HttpResponse(as_pdf(document), content_type="application/pdf")
        answer["Content-Disposition"] = f'inline; filename="{object_id.replace(":", "-")}-R{sequence}.pdf"'
        return answer

    def _receipt(self, request: HttpRequest, booking_id: str, sequence: int) -> Document:
        self.require(request, VIEW)
        if sequence > MAX_VERSION:
            raise Http404(f"no receipt has the number {sequence}")
        try:
            return Document.from_json(of_number(booking_id, sequence).document)
        except LedgerError as error:
            raise Http404(error.detail) from error

    def _search_page(self, request: HttpRequest, search: FareSearch, status: int) -> HttpResponse:
        title = _("Unknown booking") if status == 404 else _("Fares")
        return self.page(request, "fares/search.html", title, status, search=search, unknown=status == 404)
