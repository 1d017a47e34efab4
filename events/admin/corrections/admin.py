"""Corrections in the admin: the queue, the page of each, and how one is proposed and decided.

Nothing here changes a correction but `events.corrections.audited`, as over the API.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from events import corrections
from events.admin.corrections.proposing import Proposing
from events.admin.corrections.queue_page import QueuePage
from events.admin.corrections.review_page import ReviewPage, Typed
from events.admin.corrections.urls import (
    APPROVE,
    CHANGE,
    CHANGELIST,
    PROPOSE,
    REJECT,
    WITHDRAW,
    correction_url,
)
from events.admin.corrections.words import decided_text, refusal_text
from events.admin.pages import OwnPages
from events.corrections import audited, people
from events.corrections.models import Correction
from events.errors import CorrectionDecided, LedgerError, Unavailable, UnknownCorrection
from events.field_checks import MAX_VERSION

_CONFLICT: Final = 409
_UNAVAILABLE: Final = 503
_BAD: Final = 400


@admin.register(Correction)
class CorrectionAdmin(OwnPages):
    """A queue, a page for each, and two steps to propose one: the form, and a look at what it would do."""

    def get_urls(self) -> list[URLPattern]:
        """Only the pages that exist."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=CHANGELIST),
            path("propose/", view(self.propose_view), name=PROPOSE),
            path("<uuid:id>/", view(self.review_view), name=CHANGE),
            path("<uuid:id>/approve/", view(self.approve_view), name=APPROVE),
            path("<uuid:id>/reject/", view(self.reject_view), name=REJECT),
            path("<uuid:id>/withdraw/", view(self.withdraw_view), name=WITHDRAW),
        ]

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The queue. `list`: which; `booking`, `maker`, `state`: of which; `after`: where the page begins."""
        self.require(request, people.VIEW)
        page = QueuePage.of(request.GET, _person(request))
        return self.page(request, "corrections/queue.html", _("Corrections"), page=page)

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def propose_view(self, request: HttpRequest) -> HttpResponse:
        """The form, of an event (`booking_id`, `version`, `kind`); a look at what it would do; and then it is sent."""
        self.require(request, people.VIEW)
        self.require(request, people.PROPOSE)
        return Proposing(self, request).answer()

    @method_decorator(require_safe)
    def review_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """One correction: as it was proposed, as it would be by now, and what became of it."""
        self.require(request, people.VIEW)
        return self._review(request, id, Typed())

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def approve_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Approves it for the fare of `seen_version`. Looked at, as after a log-in in between: its page."""
        self.require(request, people.VIEW)
        self.require(request, people.DECIDE)
        seen = _version(request.POST)
        return self._decide(request, id, partial(audited.approve, seen_version=seen or 0))

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def reject_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Rejects it, with a `reason`."""
        self.require(request, people.VIEW)
        self.require(request, people.DECIDE)
        return self._decide(request, id, audited.reject)

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def withdraw_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Takes it back, with a `reason`."""
        self.require(request, people.VIEW)
        self.require(request, people.PROPOSE)
        return self._decide(request, id, audited.withdraw)

    def _decide(self, request: HttpRequest, id: UUID, deed: Callable[..., Correction]) -> HttpResponse:
        """Back to the page of the correction; where it was refused, with what was typed and why."""
        if request.method != "POST":
            return redirect(correction_url(id))
        reason = request.POST.get("reason", "")
        try:
            correction = deed(id, by=_person(request), request=request, reason=reason)
        except UnknownCorrection as error:
            raise Http404(error.detail) from error
        except CorrectionDecided as error:
            messages.warning(request, _("%(what)s Nothing more was done.") % {"what": error.detail})
            return redirect(correction_url(id))
        except LedgerError as error:
            typed = Typed(reason, refusal_text(error), _version(request.POST))
            return self._review(request, id, typed, _status_of(error))
        messages.success(request, decided_text(correction))
        return redirect(correction_url(id))

    def _review(self, request: HttpRequest, id: UUID, typed: Typed, status: int = 200) -> HttpResponse:
        try:
            page = ReviewPage(corrections.get(id), _person(request), typed)
        except UnknownCorrection as error:
            raise Http404(error.detail) from error
        title = _("Correction of %(booking)s") % {"booking": page.correction.booking_id}
        return self.page(request, "corrections/review.html", title, status, page=page)


def _person(request: HttpRequest) -> Any:
    """Who is signed in."""
    return request.user


def _version(given: QueryDict) -> int | None:
    """The version of the fare that was on the page; None if that is no version."""
    text = given.get("seen_version", "")
    is_one = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_VERSION))
    return int(text) if is_one else None


def _status_of(error: LedgerError) -> int:
    if isinstance(error, Unavailable):
        return _UNAVAILABLE
    return _BAD if error.errors else _CONFLICT
