"""What a person or service asked for can be followed through the logs of web and worker, and no log has a secret."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
from django.conf import settings
from django.test import Client
from django_celery_beat.models import PeriodicTask

from farehistory.demo import processes
from farehistory.embedded.supervisor import Supervisor
from tests.api_client import Api, new_event
from tests.builders import new_booking_id
from tests.staff import staff

AS_IN_PRODUCTION = {
    "LOG_FORMAT": "json",
    "FAREHISTORY_ACCESS_LOG": "true",
    "PYTHONWARNINGS": "ignore",  # a worker that root runs warns of that before there is a log
}
EVERY_LINE = {"time", "level", "logger", "message"}


@contextmanager
def logging_json(supervisor: Supervisor, port: int) -> Iterator[None]:
    services = {"web-logged": processes.web(port), "worker-logged": processes.worker(concurrency=1)}
    try:
        for name, service in services.items():
            supervisor.start(replace(service, name=name, environment=AS_IN_PRODUCTION))
        yield
    finally:
        supervisor.stop(*(name for name in services if name in supervisor._kept))


def lines(supervisor: Supervisor, name: str) -> list[dict[str, Any]]:
    """Every line that the process wrote, to standard output or error: each is a JSON object."""
    return [json.loads(line) for line in supervisor.process(name).log.read_text().splitlines()]


def of_request(supervisor: Supervisor, name: str, request_id: str) -> list[dict[str, Any]]:
    return [line for line in lines(supervisor, name) if line.get("request_id") == request_id]


def test_one_id_leads_from_the_request_to_the_task(supervisor: Supervisor) -> None:
    port, key, person = processes.free_port(), Api.of("pricing").key or "", staff("operator")
    booking = new_booking_id()
    with logging_json(supervisor, port), httpx.Client(base_url=processes.url_of(port), timeout=20) as http:
        sent = {"Authorization": f"Bearer {key}", "X-Request-ID": "append-1"}
        body = new_event(metadata={"phone": "+65 5550 1234"})
        assert http.post(f"/api/v1/fares/{booking}/events", json=body, headers=sent).status_code == 201
        http.get(f"/api/v1/fares/{booking}", params={"key": key}, headers=sent)
        http.get(f"/api/v1/fares/{key}", headers=sent)
        http.get(f"/nowhere/{key}?phone=5550")
        http.get("/health/ready")
        session = Client()
        session.force_login(person)
        cookies = {settings.SESSION_COOKIE_NAME: session.cookies[settings.SESSION_COOKIE_NAME].value}
        http.cookies.update(cookies)
        page = http.get("/admin/django_celery_beat/periodictask/")
        assert page.status_code == 200
        token = http.cookies["csrftoken"]
        row = PeriodicTask.objects.get(name="sweep projections")
        answer = http.post(
            "/admin/django_celery_beat/periodictask/",
            data={"action": "run_tasks", "_selected_action": str(row.pk), "csrfmiddlewaretoken": token},
            headers={"X-Request-ID": "by-hand-7"},
        )
        assert answer.status_code == 302
        deadline = time.monotonic() + 60
        while not of_request(supervisor, "worker-logged", "by-hand-7"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        deadline = time.monotonic() + 60
        while not (moved := of_request(supervisor, "worker-logged", "append-2")):
            # A wake-up that was sent before this one, for others, may take its event along.
            assert time.monotonic() < deadline
            toll = new_event(type="ADD", component="toll", expected_version="any")
            again = sent | {"X-Request-ID": "append-2"}
            assert http.post(f"/api/v1/fares/{booking}/events", json=toll, headers=again).status_code == 201
            time.sleep(0.5)
        web, worker = lines(supervisor, "web-logged"), lines(supervisor, "worker-logged")
        [task, *_] = of_request(supervisor, "worker-logged", "by-hand-7")
        [noted, asked] = of_request(supervisor, "web-logged", "by-hand-7")
        [append, *_] = of_request(supervisor, "web-logged", "append-1")
        text = "".join(supervisor.process(name).log.read_text() for name in ("web-logged", "worker-logged"))
    assert all(set(line) >= EVERY_LINE for line in web + worker)
    assert (task["task"], task["actor"]) == ("projections.sweep", person.username)
    assert task["task_id"]
    assert moved[0]["task"] == "projections.drain"
    assert moved[0]["moved"]["current_fare"] >= 1
    assert noted["logger"] == "events.audit"
    assert (asked["method"], asked["status"], asked["actor"]) == ("POST", 302, person.username)
    assert append["route"] == "/api/v1/fares/{booking_id}/events"
    assert (append["method"], append["status"], append["source"]) == ("POST", 201, "pricing")
    assert append["key_id"] == key.split("_")[1]
    assert append["ms"] > 0
    assert key.split("_", 2)[2] not in text
    assert "5550" not in text
    assert "/health/" not in text
    assert cookies[settings.SESSION_COOKIE_NAME] not in text
