"""A request has an id, the caller's `X-Request-ID` or one made here: answered, logged, kept with events."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from random import getrandbits
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse

HEADER: Final = "X-Request-ID"

# Nothing that could break a log line, a header or a page; room for UUIDs, trace ids and base64.
_SAFE: Final = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")

current_request_id: ContextVar[str | None] = ContextVar("current_request_id", default=None)
"""The id of the request that this thread is answering, or answered last."""


def new_request_id() -> str:
    """A random UUID. It is no secret, so no request waits for the kernel's random numbers."""
    return str(UUID(int=getrandbits(128), version=4))


class RequestIdMiddleware:
    """Sets `request.request_id` and `current_request_id`, and answers the header `X-Request-ID`.

    An id that is longer than 128 characters or has others than letters, digits and `._:+/=@-` is replaced.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")  # `headers` would take all of them apart
        request_id = given if _SAFE.fullmatch(given) else new_request_id()
        request.request_id = request_id  # type: ignore[attr-defined]
        # Never reset: Django logs bad answers after the last middleware; the next request sets its own.
        current_request_id.set(request_id)
        response = self.get_response(request)
        response[HEADER] = request_id
        return response
