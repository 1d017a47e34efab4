"""Who sent the request that this thread is answering: carried with the tasks that it causes."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

_current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)


class ActorMiddleware:
    """Lets `requesting_actor` know the request, whose user is known later."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _current_request.set(request)
        try:
            return self.get_response(request)
        finally:
            _current_request.reset(token)


def requesting_actor() -> str | None:
    """The name of the person signed in, or the source of the API key; None outside a request, or unknown.

    Asked only when a task is sent: who a person is may take a query.
    """
    request = _current_request.get()
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    return str(getattr(user, "source", None) or user.get_username())
