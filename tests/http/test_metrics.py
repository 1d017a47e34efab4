"""/metrics: what an operator alarms on is there, is documented, and stays there while PostgreSQL or Redis is away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml
from celery import current_app
from django.db import connections
from django.test import Client
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from events import api_keys
from farehistory import health
from farehistory.embedded.state import CHECKOUT
from farehistory.http import access  # noqa: F401 - has metrics
from farehistory.metrics import tasks  # noqa: F401 - has metrics
from farehistory.metrics.endpoint import Endpoint
from farehistory.metrics.state import State
from projections import leases
from projections.tasks import SWEEP
from tests.api_client import Api, new_event
from tests.builders import new_booking_id

DOCUMENT = (CHECKOUT / "docs" / "metrics.md").read_text(encoding="utf-8")
RULES = yaml.safe_load((CHECKOUT / "docs" / "alerts.yaml").read_text(encoding="utf-8"))
NAME = re.compile(r"farehistory_[a-z_]+")


@pytest.fixture(autouse=True)
def _asked_anew() -> None:
    health.ready.forget()
    leases.note_alive(SWEEP)


@pytest.fixture(scope="module")
def prometheus() -> Api:
    return Api.of("prometheus", "ops")


def scraped(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Samples by name and labels."""
    families = text_string_to_metric_families(text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(text: str, name: str, **labels: str) -> float:
    return scraped(text).get((name, frozenset(labels.items())), 0.0)


def scrape(prometheus: Api) -> str:
    answer = prometheus.request("GET", "/metrics")
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def names_of_metrics() -> set[str]:
    counted = [family for family in REGISTRY.collect() if family.name.startswith("farehistory_")]
    names = set()
    for family in [*counted, *State().collect()]:
        names.add(f"{family.name}_total" if family.type == "counter" else family.name)
    return names


def test_every_metric_is_documented_and_every_documented_one_is_there() -> None:
    tables = "\n".join(
        line.split("|")[1] for line in DOCUMENT.splitlines() if line.startswith("| `farehistory_")
    )
    assert set(NAME.findall(tables)) == names_of_metrics()


def alarms() -> list[dict[str, Any]]:
    return [rule for group in RULES["groups"] for rule in group["rules"]]


def test_alarms_are_on_metrics_that_exist() -> None:
    known = names_of_metrics()
    for rule in alarms():
        named = {re.sub(r"_bucket$", "", name) for name in NAME.findall(rule["expr"])}
        assert named and named <= known, rule["alert"]


def test_each_alarm_says_how_urgent_it_is_and_has_a_line_in_the_runbook() -> None:
    in_runbook = set(re.findall(r"^\| `(FareHistory\w+)` \|", DOCUMENT, re.MULTILINE))
    assert {rule["alert"] for rule in alarms()} == in_runbook
    for rule in alarms():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_labels_that_alarms_ask_for_are_labels_that_metrics_have(prometheus: Api) -> None:
    """Such as a dependency, a route or a task by its name: an alarm on one that is misspelt never rings."""
    text = scrape(prometheus)
    for rule in alarms():
        for label, wanted in re.findall(r'(dependency|projection)="([^"]+)"', rule["expr"]):
            assert f'{label}="{wanted}"' in text, rule["alert"]
        for task in re.findall(r'task="([^"]+)"', rule["expr"]):
            assert task in current_app.tasks, rule["alert"]


def test_requests_are_counted_by_route_never_by_address(prometheus: Api, api: Api) -> None:
    booking = new_booking_id()
    labels = {"route": "/api/v1/fares/{booking_id}/events", "method": "POST", "status": "201"}
    before = value(scrape(prometheus), "farehistory_http_requests_total", **labels)
    assert api.append(booking).status_code == 201
    api.get(f"no/such/{booking}")
    api.request("GET", f"/nowhere/{booking}")
    api.request("BREW", f"/api/v1/fares/{booking}")
    text = scrape(prometheus)
    assert value(text, "farehistory_http_requests_total", **labels) == before + 1
    assert booking not in text
    assert "BREW" not in text


@pytest.mark.parametrize("path", ["/api/nothing", "/api/v1/nothing", "/api", "/nothing"])
def test_what_does_not_exist_is_counted_as_unmatched(prometheus: Api, path: str) -> None:
    labels = {"route": "unmatched", "method": "GET", "status": "404"}
    before = value(scrape(prometheus), "farehistory_http_requests_total", **labels)
    assert Api().request("GET", path).status_code == 404
    assert value(scrape(prometheus), "farehistory_http_requests_total", **labels) == before + 1


def test_appends_are_counted_by_what_came_of_them(prometheus: Api, api: Api) -> None:
    def counts() -> dict[str, float]:
        text = scrape(prometheus)
        outcomes = ("appended", "replayed", "version_conflict", "first_event_must_set")
        return {each: value(text, "farehistory_appends_total", outcome=each) for each in outcomes}

    booking, first, before = new_booking_id(), new_event(), counts()
    api.post(f"fares/{booking}/events", first)
    api.post(f"fares/{booking}/events", first)
    api.append(booking)
    api.append(new_booking_id(), type="ADD", expected_version="any")
    assert {each: number - before[each] for each, number in counts().items()} == dict.fromkeys(before, 1.0)


@pytest.mark.parametrize("host", ["", "10.0.0.7:8000", "evil.example", "_"])
def test_it_is_answered_whatever_the_host_header_is(prometheus: Api, host: str) -> None:
    answer = prometheus.request("GET", "/metrics", Host=host)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nothing", "Basic eDp5", "Bearer \x80"])
def test_nobody_without_a_key_is_told_anything(authorization: str) -> None:
    answer = Client().get("/metrics", headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer ")
    assert b"farehistory_" not in answer.content


def test_a_key_without_the_scope_ops_is_told_nothing(api: Api) -> None:
    answer = api.request("GET", "/metrics")
    assert (answer.status_code, b"farehistory_" in answer.content) == (403, False)


def test_a_revoked_key_is_refused_at_once() -> None:
    key, text = api_keys.create("prometheus", ["ops"])
    assert Api(text).request("GET", "/metrics").status_code == 200
    api_keys.revoke(key)
    assert Api(text).request("GET", "/metrics").status_code == 401


def test_it_is_open_where_a_setting_says_so(settings: Any) -> None:
    settings.FAREHISTORY_METRICS_OPEN = True
    assert Client().get("/metrics").status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(prometheus: Api, method: str) -> None:
    answer = prometheus.request(method, "/metrics")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


@pytest.fixture
def no_postgresql(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    default = connections["default"]
    default.close()
    with monkeypatch.context() as patch:
        patch.setattr(default, "settings_dict", dict(default.settings_dict, HOST="127.0.0.1", PORT="1"))
        yield
        default.close()


def test_without_postgresql_what_is_known_is_told(no_postgresql: None) -> None:
    text = "".join(str(family) for family in State().collect())
    known = {
        (family.name, *sample.labels.values()): sample.value
        for family in State().collect()
        for sample in family.samples
    }
    assert known["farehistory_up", "postgresql"] == 0
    assert known["farehistory_up", "redis"] == 1
    assert known["farehistory_known", "projections"] == 0
    assert known["farehistory_known", "queues"] == 1
    assert "farehistory_projection_lag_seconds" not in text


def test_a_key_that_was_in_force_is_taken_while_postgresql_cannot_be_asked(
    prometheus: Api, request: pytest.FixtureRequest
) -> None:
    endpoint = Endpoint()
    scraping = (
        Client().get("/health/live", headers={"Authorization": f"Bearer {prometheus.key}"}).wsgi_request
    )
    stranger = Client().get("/health/live", headers={"Authorization": "Bearer fh_0_other"}).wsgi_request
    other = Api.of("other", "ops").key
    unseen = Client().get("/health/live", headers={"Authorization": f"Bearer {other}"}).wsgi_request
    assert endpoint(scraping).status_code == 200
    request.getfixturevalue("no_postgresql")
    assert endpoint(scraping).status_code == 200
    assert endpoint(unseen).status_code == 503
    assert endpoint(stranger).status_code == 401


def test_without_redis_what_is_known_is_told(settings: Any) -> None:
    settings.REDIS_URL = settings.CACHE_URL = settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    known = {
        (family.name, *sample.labels.values()): sample.value
        for family in State().collect()
        for sample in family.samples
    }
    for dependency in ("redis", "cache", "broker"):
        assert known["farehistory_up", dependency] == 0
    assert known["farehistory_up", "postgresql"] == 1
    assert known["farehistory_known", "projections"] == 1
    assert known["farehistory_known", "queues"] == 0


def test_processes_of_a_server_answer_for_each_other(web: str, prometheus: Api) -> None:
    """Each scrape may be answered by another process; none of them may say less than the one before."""
    headers = {"Authorization": f"Bearer {prometheus.key}"}
    labels = {"route": "/api/v1/fares/{booking_id}", "method": "GET", "status": "403"}
    counts = []
    for _ in range(12):  # a connection each, so that both processes have their turn
        httpx.get(f"{web}/api/v1/fares/BK-1", headers=headers)
        text = httpx.get(f"{web}/metrics", headers=headers, timeout=20).text
        counts.append(value(text, "farehistory_http_requests_total", **labels))
    assert counts == [counts[0] + more for more in range(12)]
