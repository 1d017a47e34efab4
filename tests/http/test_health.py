"""The probes: alive is not the same as ready, and neither asks who is asking."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from farehistory import health
from tests.builders import connected


@pytest.mark.parametrize("host", ["", "10.0.0.7:8000", "evil.example", "_"])
@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_probes_are_answered_whatever_the_host_header_is(path: str, host: str) -> None:
    answer = Client().get(path, headers={"Host": host})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"


def test_ready_names_each_dependency() -> None:
    checks = {"postgresql": "ok", "ledger": "ok", "redis": "ok"}
    assert health.readiness() == (200, {"status": "ok", "checks": checks})


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
