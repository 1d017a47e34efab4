"""Probes: `/health/live` says that the process answers, `/health/ready` that what it needs is there, `/metrics` tells
Prometheus how it all is.

All are answered before Django looks at the Host header, which probes seldom set. The first two need no key.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import msgspec
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from events.checks import ledger_faults
from farehistory import running
from farehistory.remembered import Remembered
from projections import leases

PROBE_SECONDS: Final = 2
"""How long PostgreSQL may take to answer."""

REDIS_SECONDS: Final = 0.5
"""How long Redis may: without it a process is ready, and must say so within the time limit of any probe."""

REMEMBERED_SECONDS: Final = 1.0
"""How long an answer is given again: a probe opens a connection, and anybody may send one."""

SILENT_SECONDS: Final = 60.0
"""Without a sweep for so long, worker, beat or broker is not at work."""

SWEEP: Final = "sweep"
"""`projections.tasks.SWEEP`, which cannot be imported before Django's apps are ready."""

logger = logging.getLogger(__name__)


class HealthMiddleware:
    """Answers GET and HEAD of the probes; everything else goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        from farehistory.metrics.endpoint import Endpoint  # needs the models

        self.get_response = get_response
        self._is_stopping = running.stopping_of(settings.FAREHISTORY_RUN)
        self._probes: dict[str, Callable[[HttpRequest], HttpResponse]] = {
            "/health/live": lambda _: _answer(200, {"status": "ok"}),
            "/health/ready": lambda _: self._readiness(),
            "/metrics": Endpoint(),
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = self._probes.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        response = probe(request)
        response["Cache-Control"] = "no-store"
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django would call each 503 an error
        return response

    def _readiness(self) -> HttpResponse:
        if self._is_stopping():
            return _answer(503, {"status": "stopping", "checks": {}})
        return _answer(*ready())


def readiness() -> tuple[int, dict[str, Any]]:
    """Status and document of `/health/ready`.

    503 without PostgreSQL or where the ledger's rules are not in force, 200 and `degraded` without Redis. `info` is
    what readiness does not hang on: a server answers while workers are away, and before the next migration.
    """
    ledger, migrations = _ledger()
    redis, worker = _redis()
    status = "unavailable" if ledger != "ok" else "ok" if redis == "ok" else "degraded"
    postgresql = "unavailable" if ledger == "unavailable" else "ok"
    checks = {"postgresql": postgresql, "ledger": ledger, "redis": redis}
    info = {"migrations": migrations, "worker": worker}
    return (200 if ledger == "ok" else 503), {"status": status, "checks": checks, "info": info}


ready = Remembered(lambda: readiness(), REMEMBERED_SECONDS)
"""The same, remembered for a moment."""


def _ledger() -> tuple[str, str]:
    """ "ok", "unavailable", or "not in force": its rules are not kept by the database. And whether all migrations of
    this code are applied: "ok", "pending", "unknown"."""
    # A connection of its own: opening one has a time limit, while the thread's could hang on a stuck server.
    probe = connections["default"].copy()
    probe.settings_dict["OPTIONS"] = {
        **probe.settings_dict["OPTIONS"],
        "connect_timeout": PROBE_SECONDS,
        "answer_within": PROBE_SECONDS,
    }
    try:
        with probe.cursor() as cursor:
            faults = ledger_faults(cursor)
            cursor.execute("SELECT app, name FROM public.django_migrations")
            migrations = "ok" if _migrations() <= set(cursor.fetchall()) else "pending"
    except DatabaseError as error:
        logger.error("not ready: PostgreSQL: %s", error)
        return "unavailable", "unknown"
    finally:
        probe.close()
    for fault in faults:
        logger.error("not ready: %s", fault.msg)
    return ("not in force" if faults else "ok"), migrations


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    """The last ones of this code, by app and name."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).graph.leaf_nodes())


def _redis() -> tuple[str, str]:
    """ "ok" or "unavailable"; and whether worker, beat and broker are at work: "ok", "silent", "unknown"."""
    limits = {"socket_connect_timeout": REDIS_SECONDS, "socket_timeout": REDIS_SECONDS}
    client = Redis.from_url(settings.REDIS_URL, **limits, retry=Retry(NoBackoff(), 0))
    try:
        client.ping()
        swept_at = leases.last_alive(SWEEP)
    except RedisError as error:
        logger.warning("degraded: Redis: %s", error)
        return "unavailable", "unknown"
    finally:
        client.close()
    silent = swept_at is None or (timezone.now() - swept_at).total_seconds() > SILENT_SECONDS
    return "ok", "silent" if silent else "ok"


def _answer(status: int, document: dict[str, Any]) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(document), status=status, content_type="application/json")
