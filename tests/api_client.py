"""The API as a calling service has it, for tests: `api` appends and reads with a key of its own.

Goes through the whole WSGI application; an exception that nobody foresaw fails the test by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from events import api_keys
from events.field_codes import FIELD_CODES
from events.history import head_of

READ_AND_APPEND = ("fares:read", "fares:append")


def new_event(**fields: Any) -> dict[str, Any]:
    """The body of a valid first event; `fields` change it, `...` as a value leaves one out."""
    body = {
        "transaction_id": str(uuid4()),
        "expected_version": 0,
        "type": "SET",
        "component": "base_fare",
        "amount": "14.00",
        "currency": "SGD",
        **fields,
    }
    return {name: value for name, value in body.items() if value is not ...}


class Api:
    """Requests with one API key. Bodies may be bytes, sent as they are, or anything that json.dumps takes."""

    def __init__(self, key: str | None = None) -> None:
        self.client = Client()
        self.key = key

    @classmethod
    def of(cls, source: str, *scopes: str, **options: Any) -> Api:
        return cls(api_keys.create(source, scopes or READ_AND_APPEND, **options)[1])

    def request(self, method: str, path: str, body: Any = b"", **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        if self.key is not None:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        content_type = headers.pop("Content_Type", "application/json")
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(method, path, data, content_type, headers=names)

    def get(self, path: str, **headers: str) -> Any:
        return self.request("GET", f"/api/v1/{path}", **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.request("POST", f"/api/v1/{path}", body, **headers)

    def append(self, booking_id: str, **fields: Any) -> Any:
        """POST of a valid event with these fields changed."""
        return self.post(f"fares/{booking_id}/events", new_event(**fields))


@pytest.fixture(scope="session")
def api(django_db_setup: None) -> Iterator[Api]:
    yield Api.of("pricing")


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """That the answer is a problem with this code, whole and well formed; its document."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = json.loads(answer.content)
    assert problem["code"] == code, problem
    assert problem["status"] == status
    assert problem["type"] == f"/api/problems/{code}"
    assert problem["title"] and problem["detail"]
    assert problem["request_id"] == answer["X-Request-ID"]
    for error in problem["errors"]:
        assert set(error) == {"pointer", "code", "detail"}
        assert error["pointer"] == "" or error["pointer"].startswith("/")
        assert error["code"] in FIELD_CODES
    return problem


def pointers(problem: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in problem["errors"]]


def assert_nothing_written(booking_id: str) -> None:
    assert head_of(booking_id) is None
