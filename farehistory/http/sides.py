"""The API's requests take a shorter way through MIDDLEWARE than those of the back office.

A call of the API has no session, no form and no person signed in: none of what serves these has anything to do there,
and together it costs more than the call itself. So MIDDLEWARE has, in this order: what serves both; `Sides`; what
serves the back office only; `before_the_view`. Django calls the hooks of all of them before any view, but those of
the back office have nothing to say to a view of the API, which is exempt from CSRF's.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from farehistory.http import rate_limit_fields

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
        self._on = get_response
        self._view = _view  # of the same chain: Django makes it from its end

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/api/"):
            return self._on(request)
        response = self._view(request)
        rate_limit_fields.add(request, response)
        return response
