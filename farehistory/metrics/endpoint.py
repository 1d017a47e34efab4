"""`GET /metrics`: for keys with the scope `ops`, or for everybody who reaches it where a setting says so."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from time import monotonic
from typing import Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_variables
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from events import api_keys
from farehistory import running
from farehistory.metrics.state import State
from farehistory.remembered import Remembered

STATE_SECONDS: Final = 2.0
"""How long what was asked of PostgreSQL and Redis is given again."""

KEY_KEPT_SECONDS: Final = 3600.0
"""How long a key is known that was in force, for scrapes while PostgreSQL cannot be asked."""


class Endpoint:
    """Answers /metrics, whatever became of PostgreSQL and Redis."""

    def __init__(self) -> None:
        self._state = Remembered(lambda: list(State().collect()), STATE_SECONDS)
        self._keys: dict[bytes, float] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        status = 200 if settings.FAREHISTORY_METRICS_OPEN else self._may_see(request)
        if status != 200:
            return _refusal(status)
        registry = counted_here()
        registry.register(_Given(self._state()))
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @sensitive_variables("scheme", "text", "digest")
    def _may_see(self, request: HttpRequest) -> int:
        """200, 401, 403, or 503 where that cannot be told."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return 401
        digest = sha256(text.encode(errors="replace")).digest()
        try:
            key = api_keys.verify(text)
        except (DatabaseError, InterfaceError):
            return 200 if self._keys.get(digest, 0.0) > monotonic() else 503
        self._keys.pop(digest, None)
        if key is None:
            return 401
        if "ops" not in key.scopes:
            return 403
        self._keys[digest] = monotonic() + KEY_KEPT_SECONDS
        return 200


def counted_here() -> CollectorRegistry:
    """What this process and its siblings have counted: those that share its folder, or this one alone."""
    registry = CollectorRegistry()
    if settings.FAREHISTORY_RUN:
        running.forget_the_dead(settings.FAREHISTORY_RUN)
        MultiProcessCollector(registry, settings.FAREHISTORY_RUN)
    else:
        registry.register(_Given(REGISTRY.collect()))
    return registry


class _Given(Collector):
    """Metrics that are known already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


_REASONS: Final = {
    401: "Send an API key with the scope ops: `Authorization: Bearer <key>`.",
    403: "This needs an API key with the scope ops.",
    503: "The key cannot be looked up: PostgreSQL does not answer.",
}


def _refusal(status: int) -> HttpResponse:
    answer = HttpResponse(f"{_REASONS[status]}\n", status=status, content_type="text/plain; charset=utf-8")
    if status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="fare history"'
    if status == 503:
        answer["Retry-After"] = "5"
    return answer
