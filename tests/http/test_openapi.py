"""The OpenAPI document: committed, true, and served with its page without any outside host."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from jsonschema import Draft202012Validator

from farehistory.http.problems import PROBLEMS
from tests.api_client import Api, new_event
from tests.builders import new_booking_id

COMMITTED = Path(settings.BASE_DIR, "docs", "openapi.yaml")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    generated: dict[str, Any] = yaml.safe_load(Client().get("/api/schema").content)
    return generated


def validator(document: dict[str, Any], name: str) -> Draft202012Validator:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_the_committed_document_has_not_drifted() -> None:
    """If this fails: `manage.py spectacular --file docs/openapi.yaml`, and look at the difference."""
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert out.getvalue().strip() == COMMITTED.read_text().strip()


def test_every_call_of_the_api_is_in_it(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert {(method, path) for path, methods in document["paths"].items() for method in methods} == {
        ("post", "/api/v1/fares/{booking_id}/events"),
        ("get", "/api/v1/fares/{booking_id}/events"),
        ("get", "/api/v1/fares/{booking_id}/events/{version}"),
        ("post", "/api/v1/events/batch"),
        ("get", "/api/v1/fares/{booking_id}"),
        ("get", "/api/v1/fares/{booking_id}/diff"),
        ("get", "/api/v1/fares/{booking_id}/receipt"),
        ("get", "/api/v1/corrections"),
        ("post", "/api/v1/corrections"),
        ("get", "/api/v1/corrections/{id}"),
        ("post", "/api/v1/corrections/{id}/approve"),
        ("post", "/api/v1/corrections/{id}/reject"),
        ("post", "/api/v1/corrections/{id}/withdraw"),
        ("get", "/api/v1/events"),
        ("get", "/api/v1/projections"),
    }


def test_every_call_needs_a_key_and_names_its_scope_and_its_problems(document: dict[str, Any]) -> None:
    scheme = document["components"]["securitySchemes"]["apiKey"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for operation in operations(document):
        assert operation["security"] == [{"apiKey": []}]
        assert operation["x-required-scope"] in (
            "fares:read",
            "fares:append",
            "fares:correct",
            "feed:read",
            "ops",
        )
        codes = set(operation["x-problem-codes"])
        assert codes >= {"not_authenticated", "permission_denied", "unavailable"}
        statuses = {str(PROBLEMS[code].status) for code in codes}
        assert statuses == {status for status in operation["responses"] if status >= "400"}


def test_its_examples_are_what_it_says(document: dict[str, Any]) -> None:
    checked = 0
    for operation in operations(document):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (media for body in bodies for media in body.get("content", {}).values()):
            for example in content.get("examples", {}).values():
                name = content["schema"]["$ref"].rsplit("/", 1)[1]
                validator(document, name).validate(example["value"])
                checked += 1
    assert checked > 20


def test_answers_are_what_it_says(api: Api, document: dict[str, Any]) -> None:
    booking = new_booking_id()
    body = new_event(metadata={"zone": "7"}, occurred_at="2026-05-03T14:05:00Z")
    validator(document, "NewFareEvent").validate(body)
    validator(document, "FareEvent").validate(api.post(f"fares/{booking}/events", body).json())
    validator(document, "FareEvent").validate(api.get(f"fares/{booking}/events/1").json())
    validator(document, "FareEventPage").validate(api.get(f"fares/{booking}/events?limit=1").json())
    feed = Api.of("archiver", "feed:read").get("events?limit=1")
    validator(document, "FeedPage").validate(feed.json())
    for consistency in ("eventual", "strong"):
        answer = api.get(f"fares/{booking}?consistency={consistency}")
        validator(document, "Fare").validate(answer.json())


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "fares/nobody", b""),
        ("GET", "fares/nobody?x=1", b""),
        ("POST", "fares/nobody/events", b"{"),
        ("POST", "fares/nobody/events", new_event(expected_version=7)),
        ("POST", "fares/nobody/events", new_event(amount=1)),
        ("PUT", "fares/nobody", b""),
    ],
)
def test_problems_are_what_it_says(
    api: Api, document: dict[str, Any], method: str, path: str, body: Any
) -> None:
    validator(document, "Problem").validate(api.request(method, f"/api/v1/{path}", body).json())


def test_the_example_of_an_append_can_be_sent(api: Api, document: dict[str, Any]) -> None:
    append = document["paths"]["/api/v1/fares/{booking_id}/events"]["post"]
    (example,) = append["requestBody"]["content"]["application/json"]["examples"].values()
    assert api.post(f"fares/{new_booking_id()}/events", example["value"]).status_code == 201


def test_dry_runs_and_batches_are_what_it_says(api: Api, document: dict[str, Any]) -> None:
    booking, body = new_booking_id(), new_event()
    for _ in range(2):
        tried = api.post(f"fares/{booking}/events?dry_run=true", body)
        validator(document, "DryRun").validate(tried.json())
        assert api.post(f"fares/{booking}/events", body).status_code in (200, 201)
    batch = {"items": [{"booking_id": booking, **each} for each in (body, new_event(expected_version=7))]}
    validator(document, "NewBatch").validate(batch)
    validator(document, "BatchAnswer").validate(api.post("events/batch", batch).json())
    refused = api.post("events/batch", {"atomic": True, **batch})
    validator(document, "Problem").validate(refused.json())


def test_the_document_is_also_served_as_json() -> None:
    answer = Client().get("/api/schema", headers={"Accept": "application/json"})
    assert answer.json()["openapi"] == "3.1.0"


def test_the_page_is_served_whole_by_ourselves_and_without_a_key() -> None:
    answer = Client().get("/api/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<title>Fare history</title>" in page
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) >= 4
    for address in addresses:
        assert address.startswith("/") and not address.startswith("//"), address
        if address.startswith(f"/{settings.STATIC_URL.strip('/')}/"):
            assert finders.find(address.removeprefix(f"/{settings.STATIC_URL.strip('/')}/"))
    script = Client().get(next(address for address in addresses if "script" in address))
    assert script["Content-Type"] == "application/javascript"
    assert "/api/schema" in script.content.decode()
    assert "http://" not in page + script.content.decode()
