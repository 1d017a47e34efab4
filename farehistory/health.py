"""Probes: `/health/live` says that the process answers, `/health/ready` that what it needs is there.

Both are answered before Django looks at the Host header, which probes seldom set, and need no key.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Any, Final

import msgspec
from django.conf import settings
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse
from redis import Redis, RedisError

from events.checks import ledger_faults

PROBE_SECONDS: Final = 2
"""How long each dependency may take to answer."""

REMEMBERED_SECONDS: Final = 1.0
"""How long an answer is given again: a probe opens a connection, and anybody may send one."""

logger = logging.getLogger(__name__)


class HealthMiddleware:
    """Answers `GET /health/live` and `GET /health/ready`; everything else goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._ready = _Remembered(readiness)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/health/live":
            return _answer(200, {"status": "ok"})
        if request.path_info == "/health/ready":
            return _answer(*self._ready())
        return self.get_response(request)


def readiness() -> tuple[int, dict[str, Any]]:
    """Status and document of `/health/ready`.

    503 without PostgreSQL or where the ledger's rules are not in force, 200 and `degraded` without Redis.
    """
    ledger, redis = _ledger(), "ok" if _redis_answers() else "unavailable"
    status = "unavailable" if ledger != "ok" else "ok" if redis == "ok" else "degraded"
    postgresql = "unavailable" if ledger == "unavailable" else "ok"
    checks = {"postgresql": postgresql, "ledger": ledger, "redis": redis}
    return (200 if ledger == "ok" else 503), {"status": status, "checks": checks}


def _ledger() -> str:
    """ "ok", "unavailable", or "not in force": its rules are not kept by the database."""
    # A connection of its own: opening one has a time limit, while the thread's could hang on a stuck server.
    probe = connections["default"].copy()
    probe.settings_dict["OPTIONS"] = {**probe.settings_dict["OPTIONS"], "connect_timeout": PROBE_SECONDS}
    try:
        with probe.cursor() as cursor:
            faults = ledger_faults(cursor)
    except DatabaseError as error:
        logger.error("not ready: PostgreSQL: %s", error)
        return "unavailable"
    finally:
        probe.close()
    for fault in faults:
        logger.error("not ready: %s", fault.msg)
    return "not in force" if faults else "ok"


def _redis_answers() -> bool:
    limits = {"socket_connect_timeout": PROBE_SECONDS, "socket_timeout": PROBE_SECONDS}
    client = Redis.from_url(settings.REDIS_URL, **limits)
    try:
        client.ping()
    except RedisError as error:
        logger.warning("degraded: Redis: %s", error)
        return False
    finally:
        client.close()
    return True


class _Remembered:
    """A function whose answer is given again for a moment; one caller at a time asks anew."""

    def __init__(self, ask: Callable[[], tuple[int, dict[str, Any]]]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._answer: tuple[int, dict[str, Any]] | None = None
        self._until = 0.0

    def __call__(self) -> tuple[int, dict[str, Any]]:
        with self._lock:
            if self._answer is None or monotonic() >= self._until:
                self._answer = self._ask()
                self._until = monotonic() + REMEMBERED_SECONDS
            return self._answer


def _answer(status: int, document: dict[str, Any]) -> HttpResponse:
    response = HttpResponse(msgspec.json.encode(document), status=status, content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response
