"""Every example of a request in the OpenAPI document can be sent, and is answered as the document says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from events import api_keys
from tests.api_client import Api
from tests.builders import add, given, new_booking_id, set_
from tests.http.contract import assert_valid, operations
from tests.staff import staff

CORRECTION = {
    "corrects_version": 3,
    "seen_version": 4,
    "kind": "contra",
    "reason_code": "charged_twice",
    "reason": "One passage, reported by two gantries",
}


SOMETIMES = ("Content-Disposition", "Retry-After")
"""Headers that an answer has in one of its cases: a receipt as PDF, a page of the feed that could not be waited for."""


def api_of(group: str) -> Api:
    """One person's key with every scope."""
    return Api.of("support-desk", *api_keys.SCOPES, user_id=staff(group).pk)


def charged_twice() -> str:
    return given(set_("18.40"), add("toll", "5.00"), add("toll", "5.00"), add("waiting_fee", "1.00"))


def proposed(maker: Api) -> str:
    id = str(uuid4())
    body = {**CORRECTION, "id": id, "booking_id": charged_twice()}
    answer = maker.post("corrections", body)
    assert answer.json()["state"] == "proposed", answer.content
    return id


def examples() -> Iterator[Any]:
    """Method, path, operation and one body or query of an example; the operation's id names it."""
    for method, path, operation in operations():
        media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for name, example in media.get("examples", {}).items():
            yield pytest.param(
                method, path, operation, example["value"], {}, id=f"{operation['operationId']}, {name}"
            )
        if method == "GET":
            for query in queries(operation):
                yield pytest.param(
                    method,
                    path,
                    operation,
                    None,
                    query,
                    id=f"{operation['operationId']}, {urlencode(query)}",
                )


def queries(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What is demanded; and beside it each parameter by itself that has values to choose from, or a default."""
    parameters = {each["name"]: each for each in operation.get("parameters", []) if each["in"] == "query"}
    demanded = {
        name: each["schema"]["examples"][0] for name, each in parameters.items() if each.get("required")
    }
    yield demanded
    for name in sorted(parameters.keys() - demanded.keys()):
        schema = parameters[name]["schema"]
        values = schema.get("enum", [schema["default"]] if "default" in schema else [])
        yield from ({**demanded, name: value} for value in values)


@pytest.mark.parametrize(("method", "path", "operation", "body", "query"), list(examples()))
def test_an_example_can_be_sent_and_is_answered_as_the_document_says(
    method: str, path: str, operation: dict[str, Any], body: Any, query: dict[str, Any]
) -> None:
    maker, checker = api_of("support"), api_of("support")
    deciding = operation["operationId"] in ("approve_correction", "reject_correction")
    place: dict[str, Callable[[], str]] = {
        "booking_id": new_booking_id if operation["operationId"] == "append_fare_event" else charged_twice,
        "id": lambda: proposed(maker),
        "version": lambda: "1",
    }
    names = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
    address = path.format_map({name: place[name]() for name in names})
    if operation["operationId"] == "propose_correction":
        body = {**body, "id": str(uuid4()), "booking_id": charged_twice()}
    answer = (checker if deciding else maker).request(
        method, f"{address}?{urlencode(query)}", b"" if body is None else body
    )
    assert answer.status_code < 300, answer.content
    documented = operation["responses"][str(answer.status_code)]
    media = documented["content"][answer["Content-Type"].partition(";")[0]]
    if answer["Content-Type"] == "application/json":
        assert_valid(json.loads(answer.content), media["schema"])
    for name in documented["headers"]:
        assert name in answer or name in SOMETIMES, name
