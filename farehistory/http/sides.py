"""The API's requests take a shorter way through MIDDLEWARE than those of the back office.

A call of the API has no session, no form and no person signed in: none of what serves these has anything to do there,
and together it costs more than the call itself. So MIDDLEWARE has, in this order: what serves both; `Sides`; what
serves the back office only; `before_the_view`. Django calls the hooks of all of them before any view, but those of
the back office have nothing to say to a view of the API, which is exempt from CSRF's.

Of what comes after it, `Sides` does for the API what is left to do there: it refuses a wrong Host, and adds the
security headers and Content-Length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

from farehistory.http import rate_limit_fields
from farehistory.security.content_policies import ContentPolicies
from farehistory.security.places import is_api_docs

Handler = Callable[[HttpRequest], HttpResponse]

_view: Handler


def before_the_view(get_response: Handler) -> Handler:
    """The last of MIDDLEWARE: adds nothing, and lets `Sides` know what leads to the view."""
    global _view
    _view = get_response
    return get_response


class Sides:
    """Below /api/, straight to the view; elsewhere, on through MIDDLEWARE."""

    def __init__(self, get_response: Handler) -> None:
        view = _view  # of the same chain: Django makes it from its end

        def of_known_host(request: HttpRequest) -> HttpResponse:
            request.get_host()  # raises DisallowedHost
            return view(request)

        self._on = get_response
        self._view = convert_exception_to_response(of_known_host)
        self._security = _SecurityHeaders()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/api/"):
            return self._on(request)
        response = cast(HttpResponse, self._view(request))
        rate_limit_fields.add(request, response)
        if _has_unread_body(request):
            # The server may take it for the connection's next request, and cut that off.
            response.headers["Connection"] = "close"
        if not response.streaming and not response.has_header("Content-Length"):
            response.headers["Content-Length"] = str(len(response.content))
        self._security.add(request, response)
        return response


READ_BY_THE_SERVER: Final = 8 * 1024
"""Bytes of a body that it has taken with the head."""


def _has_unread_body(request: HttpRequest) -> bool:
    """Whether it was answered without a look at its large body, as where the key is wrong."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    return length > READ_BY_THE_SERVER and not request._read_started  # type: ignore[attr-defined]


class _SecurityHeaders:
    """What the middleware for security adds to an answer of the API. It is the same for all, so it is asked once."""

    def __init__(self) -> None:
        self._ask: Any = SecurityMiddleware(XFrameOptionsMiddleware(ContentPolicies(_bare)))
        self._known: dict[tuple[bool, bool], dict[str, tuple[str, str]]] = {}

    def add(self, request: HttpRequest, response: HttpResponse) -> None:
        kind = request.is_secure(), is_api_docs(request)
        headers = self._known.get(kind)
        if headers is None:
            headers = self._known[kind] = self._ask(request).headers._store
        # Django's headers by name in small letters. Set one by one, with its checks, these five take longer than a
        # request of Redis.
        response.headers._store = headers | response.headers._store


def _bare(_: HttpRequest) -> HttpResponse:
    response = HttpResponse()
    del response["Content-Type"]
    return response
