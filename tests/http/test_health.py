"""The probes: alive is not the same as ready, and neither asks who is asking."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import Client
from django.utils import timezone

from farehistory import health, running
from projections.tasks import SWEEP
from tests.builders import connected


@pytest.mark.parametrize("host", ["", "10.0.0.7:8000", "evil.example", "_"])
@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_probes_are_answered_whatever_the_host_header_is(path: str, host: str) -> None:
    answer = Client().get(path, headers={"Host": host})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"


def test_ready_names_each_dependency() -> None:
    status, document = health.readiness()
    assert (status, document["status"]) == (200, "ok")
    assert document["checks"] == {"postgresql": "ok", "ledger": "ok", "redis": "ok"}


@pytest.mark.parametrize(("seconds", "told"), [(1, "ok"), (600, "silent")])
def test_it_tells_whether_workers_were_seen_but_does_not_hang_on_them(seconds: float, told: str) -> None:
    at = timezone.now() - timedelta(seconds=seconds)
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        server.set(f"{settings.REDIS_PREFIX}alive:{SWEEP}", at.isoformat())
    status, document = health.readiness()
    assert (status, document["status"], document["info"]["worker"]) == (200, "ok", told)


def test_it_tells_whether_a_migration_of_this_code_is_still_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    assert health.readiness()[1]["info"]["migrations"] == "ok"
    one_more = health._migrations() | {("events", "9999_next")}
    monkeypatch.setattr(health, "_migrations", lambda: one_more)
    status, document = health.readiness()
    assert (status, document["info"]["migrations"]) == (200, "pending")


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_head_is_answered_and_other_methods_are_not(path: str) -> None:
    assert Client().head(path).status_code == 200
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = Client().generic(method, path)
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


def test_a_server_that_is_about_to_stop_is_alive_and_not_ready(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its main process says so; another server that shares the folder is not meant."""
    settings.FAREHISTORY_RUN = str(tmp_path)
    running.begin_to_stop(str(tmp_path))
    assert Client().get("/health/ready").status_code == 200
    monkeypatch.setattr(os, "getppid", os.getpid)
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "stopping")
    answer = Client().get("/health/live")
    assert (answer.status_code, answer["Connection"]) == (200, "close")


def test_a_server_stops_also_where_that_cannot_be_written_down(tmp_path: Path) -> None:
    running.begin_to_stop(str(tmp_path / "removed"))


def test_without_redis_it_is_ready_but_degraded(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # nobody listens on port 1
    status, document = health.readiness()
    assert status == 200
    assert document["status"] == "degraded"
    assert document["checks"] == {"postgresql": "ok", "ledger": "ok", "redis": "unavailable"}


def test_without_postgresql_it_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = dict(health.connections["default"].settings_dict, HOST="127.0.0.1", PORT="1")
    monkeypatch.setattr(health.connections["default"], "settings_dict", nowhere)
    status, document = health.readiness()
    assert status == 503
    assert document["status"] == "unavailable"
    assert document["checks"] == {"postgresql": "unavailable", "ledger": "unavailable", "redis": "ok"}


def test_with_a_trigger_weakened_it_is_not_ready() -> None:
    """As after pg_restore --disable-triggers: nothing may be served from such a ledger."""
    with connected("owner") as owner:
        owner.execute("ALTER TABLE ledger.fare_event ENABLE TRIGGER table_stays")
        try:
            status, document = health.readiness()
        finally:
            owner.execute("ALTER TABLE ledger.fare_event ENABLE ALWAYS TRIGGER table_stays")
    assert (status, document["checks"]["ledger"]) == (503, "not in force")


def test_other_paths_below_health_are_not_found() -> None:
    assert Client().get("/health/nothing").status_code == 404
