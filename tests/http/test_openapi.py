"""The OpenAPI document: committed, valid, true, and served with its page without any outside host."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from openapi_spec_validator import OpenAPIV31SpecValidator

from farehistory.http.contract import openapi_document
from farehistory.http.problem_codes import PROBLEMS
from tests.api_client import Api, new_event
from tests.builders import new_booking_id
from tests.http.contract import assert_valid, closed, document, named, operations


def test_the_committed_contract_has_not_drifted() -> None:
    """`make contract` makes docs/openapi.yaml and docs/errors.md anew; look at the difference."""
    call_command("contract", "--check")


def test_it_is_valid() -> None:
    assert openapi_document()["openapi"] == "3.1.0"
    assert [error.message for error in OpenAPIV31SpecValidator(openapi_document()).iter_errors()] == []


def test_every_call_of_the_api_is_in_it() -> None:
    assert {(method, path.removeprefix("/api/v1/")) for method, path, _ in operations()} == {
        ("POST", "fares/{booking_id}/events"),
        ("GET", "fares/{booking_id}/events"),
        ("GET", "fares/{booking_id}/events/{version}"),
        ("GET", "fares/{booking_id}"),
        ("GET", "fares/{booking_id}/diff"),
        ("GET", "fares/{booking_id}/receipt"),
        ("GET", "events"),
        ("POST", "events/batch"),
        ("GET", "corrections"),
        ("POST", "corrections"),
        ("GET", "corrections/{id}"),
        ("POST", "corrections/{id}/approve"),
        ("POST", "corrections/{id}/reject"),
        ("POST", "corrections/{id}/withdraw"),
        ("GET", "projections"),
    }


def test_every_call_is_described_in_one_style() -> None:
    tags = {tag["name"] for tag in document()["tags"]}
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(ids)) == len(ids)
    for method, path, operation in operations():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation["operationId"])
        assert operation["summary"] and not operation["summary"].endswith(".")
        assert operation["description"], (method, path)
        assert set(operation["tags"]) <= tags
        assert all(answer["description"] for answer in operation["responses"].values())
        assert all("X-Request-ID" in answer["headers"] for answer in operation["responses"].values())
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (method, path, parameter["name"])


def test_every_call_needs_a_key_and_names_its_scope_and_its_problems() -> None:
    scheme = document()["components"]["securitySchemes"]["apiKey"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for _, _, operation in operations():
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
        statuses = {str(status) for code in codes for status in PROBLEMS[code].statuses}
        assert statuses == {status for status in operation["responses"] if status >= "400"}


def test_its_examples_are_what_it_says() -> None:
    """Of requests, of answers and of error codes; every call has one of each that it has at all."""
    for code, example in document()["components"]["examples"].items():
        assert_valid(example["value"], named("Problem"))
        assert example["value"]["code"] == code
    for method, path, operation in operations():
        bodies = [operation.get("requestBody", {})]
        bodies += [answer for status, answer in operation["responses"].items() if status < "400"]
        for media in (media for body in bodies for media in body.get("content", {}).values()):
            if media["schema"].get("type") == "string":
                continue  # a page or a PDF
            assert media.get("examples"), (method, path)
            for example in media["examples"].values():
                assert_valid(example["value"], media["schema"])


def test_answers_may_grow_and_bodies_of_requests_may_not() -> None:
    text = json.dumps(openapi_document()["components"]["schemas"]["FareEvent"])
    assert '"additionalProperties": false' not in text
    assert openapi_document()["components"]["schemas"]["NewFareEvent"]["additionalProperties"] is False


def test_answers_are_what_it_says(api: Api) -> None:
    booking = new_booking_id()
    body = new_event(metadata={"zone": "7"}, occurred_at="2026-05-03T14:05:00Z")
    assert_valid(body, named("NewFareEvent"))
    assert_valid(api.post(f"fares/{booking}/events", body).json(), named("FareEvent"))
    assert_valid(api.get(f"fares/{booking}/events/1").json(), named("FareEvent"))
    assert_valid(api.get(f"fares/{booking}/events?limit=1").json(), named("FareEventPage"))
    feed = Api.of("archiver", "feed:read").get("events?limit=1")
    assert_valid(feed.json(), named("FeedPage"))
    for consistency in ("eventual", "strong"):
        assert_valid(api.get(f"fares/{booking}?consistency={consistency}").json(), named("Fare"))


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
def test_problems_are_what_it_says(api: Api, method: str, path: str, body: Any) -> None:
    assert_valid(api.request(method, f"/api/v1/{path}", body).json(), named("Problem"))


@pytest.mark.parametrize(
    ("asked", "content_type"),
    [
        ("", "application/yaml"),
        ("?format=yaml", "application/yaml"),
        ("?format=json", "application/json"),
    ],
)
def test_the_document_is_served_in_both_forms(asked: str, content_type: str) -> None:
    answer = Client().get(f"/api/schema{asked}")
    assert answer["Content-Type"] == content_type
    assert yaml.safe_load(answer.content) == openapi_document()  # JSON is YAML


def test_dry_runs_and_batches_are_what_it_says(api: Api) -> None:
    booking, body = new_booking_id(), new_event()
    for _ in range(2):
        assert_valid(api.post(f"fares/{booking}/events?dry_run=true", body).json(), named("DryRun"))
        assert api.post(f"fares/{booking}/events", body).status_code in (200, 201)
    batch = {"items": [{"booking_id": booking, **each} for each in (body, new_event(expected_version=7))]}
    assert_valid(batch, named("NewBatch"))
    assert_valid(api.post("events/batch", batch).json(), named("BatchAnswer"))
    assert_valid(api.post("events/batch", {"atomic": True, **batch}).json(), named("Problem"))


def test_the_document_is_served_as_json_to_whoever_accepts_that() -> None:
    answer = Client().get("/api/schema", headers={"Accept": "application/json"})
    assert (answer["Content-Type"], answer.json()["openapi"]) == ("application/json", "3.1.0")


def test_the_page_is_served_whole_by_ourselves_and_without_a_key() -> None:
    answer = Client().get("/api/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<title>Fare history API</title>" in page
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


def test_a_closed_document_refuses_what_the_open_one_takes() -> None:
    """The tests here would not see a field that nobody wrote down, otherwise."""
    schema = closed({"type": "object", "properties": {"a": {"x-extensible-enum": ["x"]}}})
    assert schema["additionalProperties"] is False
    assert schema["properties"]["a"]["enum"] == ["x"]
