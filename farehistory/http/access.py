"""Each request is counted and timed, and told in the log where that is wanted.

By route, never by address: addresses hold booking ids, and what is after the question mark may be anything.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import lru_cache
from time import perf_counter
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

from farehistory import running
from farehistory.http.handlers import NOWHERE

REQUESTS: Final = Counter("farehistory_http_requests", "Requests answered.", ["route", "method", "status"])
REQUEST_SECONDS: Final = Histogram(
    "farehistory_http_request_seconds",
    "Seconds from a request to its answer, the time that it waited for a thread not included.",
    ["route", "method"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_UNTOLD: Final = ("/health/", "/metrics", "/static/")

logger = logging.getLogger("farehistory.access")


class Access:
    """The first middleware: what it measures is all that Django does.

    While the server is about to stop, each answer closes its connection, so that no client is cut off later.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._is_stopping = running.stopping_of(settings.FAREHISTORY_RUN)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(_UNTOLD):
            return self._closing(self.get_response(request))
        began = perf_counter()
        response = self.get_response(request)
        seconds = perf_counter() - began
        route = _route(request)
        method = request.method if request.method in _METHODS else "other"
        requests, request_seconds = _counted_as(route, method, response.status_code)
        requests.inc()
        request_seconds.observe(seconds)
        if settings.FAREHISTORY_ACCESS_LOG:
            _tell(request, response, method or "", route, seconds)
        return self._closing(response)

    def _closing(self, response: HttpResponse) -> HttpResponse:
        if self._is_stopping():
            response["Connection"] = "close"
        return response


@lru_cache(maxsize=1024)
def _counted_as(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    counted_as = "admin" if route.startswith("/admin/") else route
    return REQUESTS.labels(counted_as, method, status), REQUEST_SECONDS.labels(counted_as, method)


def _tell(request: HttpRequest, response: HttpResponse, method: str, route: str, seconds: float) -> None:
    milliseconds = round(seconds * 1000, 2)
    fields: dict[str, Any] = {
        "method": method,
        "route": route,
        "status": response.status_code,
        "ms": milliseconds,
        **_who(request),
    }
    logger.info("%s %s %s %s ms", method, route, response.status_code, milliseconds, extra={"fields": fields})


def _who(request: HttpRequest) -> dict[str, str]:
    """The service and its key, or the person; only as far as somebody has asked already: it may take a query."""
    key = getattr(request, "auth", None)
    if key is not None:
        return {"source": key.source, "key_id": key.key_id}
    person = getattr(request, "_cached_user", None)
    return {"actor": person.get_username()} if person is not None and person.is_authenticated else {}


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return "unmatched" if match is None or match.url_name == NOWHERE else _readable(match.route)


@lru_cache(maxsize=1024)
def _readable(route: str) -> str:
    """`/api/v1/fares/{booking_id}` of `api/v1/fares/<str:booking_id>`."""
    return "/" + re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", route)
