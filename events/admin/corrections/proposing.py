"""One request to the page that proposes a correction: the form, the look before it is sent, the sending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from events import corrections
from events.admin.corrections.propose_form import ProposeForm
from events.admin.corrections.propose_page import CheckPage, ProposePage
from events.admin.corrections.urls import correction_url
from events.admin.corrections.words import proposed_text
from events.corrections import Kind, Preview, Proposal, audited
from events.corrections.keeping import known
from events.errors import (
    FareMoved,
    LedgerError,
    TransactionIdReused,
    Unavailable,
    UnknownBooking,
    UnknownEvent,
)
from events.field_checks import MAX_VERSION

if TYPE_CHECKING:
    from events.admin.pages import OwnPages

_FORM, _CHECK, _WHICH = "corrections/propose.html", "corrections/check.html", "corrections/which.html"
_STATUS: Final = {FareMoved: 409, TransactionIdReused: 409, Unavailable: 503}


class Proposing:
    """What is answered to it. What was typed is on every page that follows, until it is sent."""

    def __init__(self, pages: OwnPages, request: HttpRequest) -> None:
        self.pages = pages
        self.request = request
        self.user: Any = request.user

    def answer(self) -> HttpResponse:
        given = self.request.POST if self.request.method == "POST" else self.request.GET
        booking_id, version = given.get("booking_id", "").strip(), _version(given.get("version", ""))
        if not booking_id:
            return self._which("", "")
        try:
            page = ProposePage.read(booking_id, version, self.user)
        except UnknownBooking:
            error = _(
                "The ledger has no booking of this id. Write it in full, as it stands on its fare page."
            )
            return self._which(booking_id, error, status=404)
        except UnknownEvent as error:
            return self._which(booking_id, error.detail, status=404)
        return self._posted(page) if self.request.method == "POST" else self._begun(page)

    def _begun(self, page: ProposePage) -> HttpResponse:
        asked = self.request.GET.get("kind", "")
        kind = Kind(asked) if asked in Kind.values else page.first_kind
        return self._form(page, ProposeForm.begun(page.head, page.events, page.version, kind))

    def _posted(self, page: ProposePage) -> HttpResponse:
        step = self.request.POST.get("step", "")
        if step == "edit":
            return self._form(page, ProposeForm(events=page.events, initial=self.request.POST.dict()))
        form = ProposeForm(self.request.POST, events=page.events)
        if not form.is_valid() or form.proposal is None:
            return self._form(page, form, 400)
        if step != "send":
            return self._checked(page, form, form.proposal)
        try:
            correction = audited.propose(form.proposal, by=self.user, request=self.request)
        except LedgerError as refusal:
            return self._refused(page, form, form.proposal, refusal)
        messages.success(self.request, proposed_text(correction))
        return redirect(correction_url(correction.pk))

    def _refused(
        self, page: ProposePage, form: ProposeForm, proposal: Proposal, refusal: LedgerError
    ) -> HttpResponse:
        """Nothing was sent: says why, and asks anew."""
        if isinstance(refusal, FareMoved):
            return self._checked(page, form, proposal, 409)
        if isinstance(refusal, TransactionIdReused) and self._sent_before(proposal):
            again = self.request.POST.copy()
            again["id"] = str(uuid4())
            form = ProposeForm(again, events=page.events)
            return self._form(page, form, 409, sent_before=correction_url(proposal.id))  # type: ignore[arg-type]
        if isinstance(refusal, Unavailable):
            text = _(
                "The database did not answer in time. Send it again: it is made once, however often you send."
            )
            form.add_error(None, text)
            return self._form(page, form, 503)
        form.add_refusal(refusal)
        return self._form(page, form, _STATUS.get(type(refusal), 400))

    def _sent_before(self, proposal: Proposal) -> bool:
        """Whether this very form was sent, and then something in it changed."""
        correction = known(proposal.id)  # type: ignore[arg-type]
        return correction is not None and correction.proposed_by == self.user.pk

    def _checked(
        self, page: ProposePage, form: ProposeForm, proposal: Proposal, status: int = 200
    ) -> HttpResponse:
        """What it would do to the fare as it is; sent from there, it is for that fare."""
        try:
            preview = corrections.preview(proposal, by=self.user)
        except UnknownEvent as error:
            form.add_error("version", error.detail)
            return self._form(page, form, 400)
        refusal = preview.refusal
        if isinstance(refusal, TransactionIdReused):
            return self._refused(page, form, proposal, refusal)
        if refusal is not None and not isinstance(refusal, FareMoved):
            form.add_refusal(refusal)
            return self._form(page, form, 400)
        return self._check(page, form, proposal, preview, status)

    def _check(
        self, page: ProposePage, form: ProposeForm, proposal: Proposal, preview: Preview, status: int
    ) -> HttpResponse:
        seen = self.request.POST.copy()
        seen["seen_version"] = str(preview.head.version)
        hidden = ProposeForm(seen, events=page.events)
        check = CheckPage(proposal, preview, proposal.seen_version)
        title = _("Check the correction of %(booking)s") % {"booking": page.booking_id}
        return self.pages.page(self.request, _CHECK, title, status, page=page, check=check, form=hidden)

    def _form(self, page: ProposePage, form: ProposeForm, status: int = 200, **more: Any) -> HttpResponse:
        title = _("Correct the fare of %(booking)s") % {"booking": page.booking_id}
        return self.pages.page(self.request, _FORM, title, status, page=page, form=form, **more)

    def _which(self, booking_id: str, error: str, status: int = 200) -> HttpResponse:
        title = _("Correct a fare")
        return self.pages.page(self.request, _WHICH, title, status, booking_id=booking_id, error=error)


def _version(text: str) -> int | None:
    is_one = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_VERSION))
    return int(text) or None if is_one else None
