"""Fares in the admin: a search page and a page per booking. A receipt is issued from there, and nothing changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from events import audit, history
from events.admin.corrections.lines import of_booking
from events.admin.pages import record
from events.as_of import Bounds
from events.errors import NothingYet, UnknownBooking, UnknownEvent
from events.new_event import MAX_VERSION
from projections.admin.as_of_form import AsOfForm
from projections.admin.fare_page import FarePage, read_fare_page
from projections.admin.fare_urls import (
    CHANGE,
    CHANGELIST,
    ISSUE,
    MAY_ISSUE,
    RECEIPT,
    RECEIPT_PDF,
    VIEW,
    fare_url,
)
from projections.admin.history_pages import HistoryPages
from projections.admin.search_page import SearchPage, read_search_page
from projections.models import CurrentFare, Receipt
from projections.receipts import UnknownReceipt, issue, of_number
from projections.receipts.document import Document
from projections.receipts.html import as_html, content_security_policy
from projections.receipts.pdf import as_pdf


def _version(text: str) -> int | None:
    """The version that a query parameter names; None if it cannot be one."""
    return int(text) if text.isdecimal() and len(text) <= len(str(MAX_VERSION)) else None


@admin.register(CurrentFare)
class FareAdmin(HistoryPages):
    """Search and page are our own: a change list counts, pages by OFFSET and sorts what no index serves."""

    def get_urls(self) -> list[URLPattern]:
        """Only the pages that exist."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=CHANGELIST),
            path("<path:object_id>/change/", view(self.change_view), name=CHANGE),
            path("<path:object_id>/receipts/issue/", view(self.issue_view), name=ISSUE),
            path("<path:object_id>/receipts/<int:sequence>/", view(self.receipt_view), name=RECEIPT),
            path(
                "<path:object_id>/receipts/<int:sequence>.pdf", view(self.receipt_pdf_view), name=RECEIPT_PDF
            ),
            *self.history_urls(),
        ]

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The search page. `q`: any id, a part of one, or an amount; the filters; `after`: where the page begins."""
        self.require(request, VIEW)
        return self._search(request, read_search_page(request.GET))

    @method_decorator(require_safe)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The fare page. `before`: show the events before this version, for long histories; `print`: for paper.

        With `version`, `recorded_before` or `occurred_before`, the fare as it was.
        """
        self.require(request, VIEW)
        form = AsOfForm(request.GET)
        try:
            fare = _read(object_id, form, before=_version(request.GET.get("before", "")))
        except UnknownBooking:
            return self._search(request, read_search_page({"q": object_id}, unknown=True))
        except NothingYet:
            return self._nothing_yet_page(request, object_id, form)
        title = _("Fare of %(booking)s") % {"booking": fare.booking_id}
        status = 400 if form.errors else 200
        person: Any = request.user  # nobody else gets here than who has signed in
        corrections = [] if fare.is_past else of_booking(fare.booking_id, person)
        if "print" in request.GET:
            return self.page(
                request,
                "fares/print.html",
                title,
                status,
                fare=fare,
                corrections=corrections,
                made_at=timezone.now(),
                permalink=request.build_absolute_uri(f"{fare_url(fare.booking_id)}?{fare.same_again}"),
            )
        return self.page(
            request, "fares/page.html", title, status, fare=fare, form=form, corrections=corrections
        )

    @method_decorator(require_POST)
    def issue_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Issues the receipt of the fare as it is now, if it has none yet; back to the fare page, which links it."""
        self.require(request, VIEW)
        self.require(request, MAY_ISSUE)
        now = timezone.now()
        with transaction.atomic():
            try:
                receipt = issue(object_id, now=now)
            except UnknownBooking as error:
                raise Http404(error.detail) from error
            is_new = receipt.issued_at == now
            if is_new:
                record(request, Receipt, receipt.number, f"issued, of version {receipt.version}")
                audit.record(
                    "receipt_issued",
                    user=request.user,
                    request=request,
                    booking_id=object_id,
                    receipt=receipt.number,
                    version=receipt.version,
                )
        if is_new:
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
        except (UnknownBooking, UnknownReceipt) as error:
            raise Http404(error.detail) from error

    def _nothing_yet_page(self, request: HttpRequest, booking_id: str, form: AsOfForm) -> HttpResponse:
        first = history.event_of(booking_id, 1)
        title = _("Fare of %(booking)s") % {"booking": booking_id}
        return self.page(request, "fares/nothing_yet.html", title, first=first, form=form, bounds=form.bounds)

    def _search(self, request: HttpRequest, page: SearchPage) -> HttpResponse:
        if page.audited is not None:
            audit.record("searched", user=request.user, request=request, **page.audited)
        if page.goes_to:
            return redirect(page.goes_to)
        title = _("Unknown booking") if page.unknown else _("Fares")
        return self.page(request, "fares/search.html", title, page.status, search=page)


def _read(booking_id: str, form: AsOfForm, before: int | None) -> FarePage:
    """The state that was asked for; the fare of now where that cannot be, and then the form says why.

    Raises UnknownBooking, NothingYet.
    """
    bounds = form.bounds if form.is_valid() else Bounds()
    try:
        return read_fare_page(booking_id, bounds=bounds, before=before)
    except NothingYet:
        raise
    except UnknownEvent:
        fare = read_fare_page(booking_id)
        form.add_error("version", _("The latest version is %(version)s.") % {"version": fare.head.version})
        return fare
