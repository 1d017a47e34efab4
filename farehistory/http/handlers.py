"""Exceptions become problem documents here, and nowhere else.

`handle_exception` serves DRF's views, the `answer_*` functions are Django's error handlers for what happens
outside of them. Below /api/ all of these speak problem+json; elsewhere Django's own pages stay.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

import msgspec
from django.core import exceptions as django_errors
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework import exceptions as drf_errors

from events.database import is_away
from events.errors import BatchRefused, LedgerError, VersionConflict
from farehistory.http.problems import problem_response

NOWHERE: Final = "nowhere"
"""The name of the patterns that match what does not exist."""

logger = logging.getLogger("farehistory.http")

_CODES: list[tuple[type[Exception] | tuple[type[Exception], ...], str]] = [
    (drf_errors.NotAuthenticated, "not_authenticated"),
    (drf_errors.AuthenticationFailed, "not_authenticated"),
    ((drf_errors.PermissionDenied, django_errors.PermissionDenied), "permission_denied"),
    ((drf_errors.NotFound, Http404), "not_found"),
    (drf_errors.MethodNotAllowed, "method_not_allowed"),
    (drf_errors.NotAcceptable, "not_acceptable"),
    (drf_errors.UnsupportedMediaType, "unsupported_media_type"),
    (drf_errors.Throttled, "rate_limited"),
    (drf_errors.ParseError, "malformed_body"),
    (UnreadablePostError, "malformed_body"),
    (django_errors.RequestDataTooBig, "too_large"),
    ((django_errors.SuspiciousOperation, django_errors.BadRequest), "bad_request"),
]
"""Exceptions of DRF and Django, and the codes that they mean; the first that fits is taken."""


def handle_exception(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's EXCEPTION_HANDLER. None for what nobody foresaw: it goes on to `answer_500`, and into the log."""
    request: HttpRequest = context["request"]._request
    if isinstance(error, BatchRefused):
        return _batch_refusal(request, error, context)
    if isinstance(error, LedgerError):
        return _refusal(request, error)
    if is_away(error):
        return _unavailable(request, error)
    for kinds, code in _CODES:
        if isinstance(error, kinds):
            response = problem_response(request, code, _detail(error))
            return _with_headers(response, error)
    return None


def _refusal(request: HttpRequest, error: LedgerError) -> HttpResponse:
    if error.code == "unavailable":
        logger.warning("unavailable: %s", error.detail)
    extra = {"current": _current(error)} if isinstance(error, VersionConflict) else None
    return problem_response(request, error.code, error.detail, errors=error.errors, extra=extra)


def _batch_refusal(request: HttpRequest, error: BatchRefused, context: dict[str, Any]) -> HttpResponse | None:
    """With the problem of the item that was refused, and its status."""
    cause = handle_exception(error.cause, context)
    if cause is None:
        return None
    extra = {"index": error.index, "problem": msgspec.Raw(cause.content)}
    return problem_response(request, error.code, error.detail, extra=extra, status=cause.status_code)


def _current(conflict: VersionConflict) -> dict[str, Any]:
    head = conflict.current
    fare = None if head.fare is None else f"{head.fare:f}"
    return {"version": head.version, "fare": fare, "currency": head.currency}


def _unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("the database did not answer: %s", error)
    return problem_response(request, "unavailable", "The database did not answer in time.")


def _detail(error: Exception) -> str:
    if isinstance(error, drf_errors.APIException):
        return str(error.detail)
    if isinstance(error, UnreadablePostError):
        return "The request ended before its body did."
    if isinstance(error, django_errors.TooManyFieldsSent):
        return "The query has too many parameters."
    return str(error) or type(error).__name__


def _with_headers(response: HttpResponse, error: Exception) -> HttpResponse:
    """The headers that DRF asks for with some errors (RFC 9110 demands them)."""
    challenge = getattr(error, "auth_header", None)
    if challenge:
        response["WWW-Authenticate"] = challenge
    wait = getattr(error, "wait", None)
    if wait is not None:
        response["Retry-After"] = str(max(1, round(wait)))
    return response


def _below_api(request: HttpRequest) -> bool:
    """Whether a program asks, that wants a problem and no page; also by an address that was joined with one slash
    too many."""
    return request.path.lstrip("/").startswith("api/") or request.path == "/api"


def answer_400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: a wrong Host header, too many parameters."""
    if not _below_api(request):
        return defaults.bad_request(request, exception)
    return problem_response(
        request, "bad_request", "The request cannot be read: see its Host and other headers."
    )


def answer_403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    if not _below_api(request):
        return defaults.permission_denied(request, exception)
    return problem_response(request, "permission_denied", "This is not allowed.")


def answer_404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    if not _below_api(request):
        return defaults.page_not_found(request, exception)
    return no_such_address(request)


def answer_500(request: HttpRequest) -> HttpResponse:
    """Django's handler500. Django has logged the exception with its traceback."""
    detail = _why_unavailable(sys.exc_info()[1])
    if not _below_api(request):
        return _not_now(detail) if detail else defaults.server_error(request)
    if detail:
        return problem_response(request, "unavailable", detail)
    return problem_response(
        request, "internal_error", "The request could not be answered; the error is logged."
    )


def _why_unavailable(error: BaseException | None) -> str | None:
    """What to tell a person where the database is to blame, or an entry of the audit that cannot be written."""
    if isinstance(error, LedgerError) and error.code == "unavailable":
        return error.detail
    if is_away(error):
        return _("The database does not answer in time. Try again in a moment.")
    return None


def _not_now(detail: str) -> HttpResponse:
    """Without the request: its session and person are in the database, too."""
    answer = HttpResponse(render_to_string("503.html", {"detail": detail}), status=503)
    answer["Retry-After"] = "5"
    return answer


def no_such_address(request: HttpRequest, *_args: object, **_kwargs: object) -> HttpResponse:
    """A view for whatever no pattern below /api/ matches, so that DEBUG does not answer with a page."""
    return problem_response(request, "not_found", "The API has no resource at this address.")
