"""The table of codes, and how exceptions become problems."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError, connections, transaction
from django.http import Http404, UnreadablePostError
from django.test import RequestFactory
from rest_framework import exceptions as drf
from rest_framework.request import Request

from events.errors import FieldError, Head, InvalidEvent, LedgerError, VersionConflict
from farehistory.http.handlers import handle_exception
from farehistory.http.problems import PROBLEMS, problem_response
from tests.api_client import Api, assert_nothing_written, assert_problem
from tests.builders import new_booking_id


def every_refusal(base: type[LedgerError] = LedgerError) -> Iterator[type[LedgerError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from every_refusal(kind)


def test_every_refusal_of_the_ledger_is_in_the_table() -> None:
    kinds = list(every_refusal())
    assert len(kinds) >= 13
    assert {kind.code for kind in kinds} <= set(PROBLEMS)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("version_conflict", 409), ("transaction_id_reused", 409), ("currency_mismatch", 409),
        ("negative_fare", 409),
        ("first_event_must_set", 409), ("invalid_event", 422), ("too_many_components", 422),
        ("malformed_body", 400),
        ("not_authenticated", 401), ("permission_denied", 403), ("unknown_booking", 404), ("too_large", 413),
        ("unsupported_media_type", 415), ("rate_limited", 429), ("unavailable", 503),
    ],
)  # fmt: skip
def test_a_code_keeps_the_status_that_was_promised(code: str, status: int) -> None:
    assert PROBLEMS[code].status == status


def handled(error: Exception) -> Any:
    request = RequestFactory().get("/api/v1/fares/BK-1")
    return handle_exception(error, {"request": Request(request)})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (drf.ParseError(), 400, "malformed_body"),
        (drf.NotAuthenticated(), 401, "not_authenticated"),
        (drf.AuthenticationFailed(), 401, "not_authenticated"),
        (drf.PermissionDenied(), 403, "permission_denied"),
        (PermissionDenied(), 403, "permission_denied"),
        (drf.NotFound(), 404, "not_found"),
        (Http404(), 404, "not_found"),
        (drf.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (drf.NotAcceptable(), 406, "not_acceptable"),
        (RequestDataTooBig(), 413, "too_large"),
        (drf.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (drf.Throttled(wait=3), 429, "rate_limited"),
        (SuspiciousOperation(), 400, "bad_request"),
        (UnreadablePostError(), 400, "malformed_body"),
        (OperationalError("server closed the connection"), 503, "unavailable"),
        (InterfaceError("connection already closed"), 503, "unavailable"),
    ],
)
def test_exceptions_of_the_framework_have_codes(error: Exception, status: int, code: str) -> None:
    response = handled(error)
    assert (response.status_code, json.loads(response.content)["code"]) == (status, code)
    assert ("Retry-After" in response) == (status in (429, 503))


def test_a_throttled_request_is_told_how_long_to_wait() -> None:
    assert handled(drf.Throttled(wait=3))["Retry-After"] == "3"


def test_what_the_database_said_stays_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    response = handled(OperationalError("password authentication failed for user fares"))
    assert b"password" not in response.content
    assert "password authentication failed" in caplog.text


def test_an_exception_that_nobody_foresaw_is_left_to_django() -> None:
    assert handled(ZeroDivisionError()) is None


def test_a_conflict_shows_the_fare_with_all_decimals() -> None:
    problem = json.loads(handled(VersionConflict("moved", Head(7, Decimal("0.500"), "KWD"))).content)
    assert problem["current"] == {"version": 7, "fare": "0.500", "currency": "KWD"}


def test_a_problem_quotes_hostile_input_short_and_encodable() -> None:
    request = RequestFactory().get("/api/v1/" + "%0A%FF<script>" * 500)
    error = FieldError("/\ud800" + "x" * 5000, "unknown_field", "\udfff" * 5000)
    response = problem_response(request, "invalid_event", "\ud800" * 5000, errors=[error] * 1000)
    problem = json.loads(response.content)
    assert len(problem["errors"]) == 50
    assert len(response.content) < 1_000_000
    assert "\n" not in problem["instance"] and "<" not in problem["instance"]
    assert handled(InvalidEvent.at("", "x", "\ud800")).status_code == 422


def test_a_database_that_does_not_answer_in_time_is_503_and_says_when_to_come_again() -> None:
    api, booking = Api.of("pricing"), new_booking_id()  # a key that has yet to be looked up
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("LOCK TABLE events_apikey IN ACCESS EXCLUSIVE MODE")
        answer = api.append(booking)
    assert_problem(answer, 503, "unavailable")
    assert int(answer["Retry-After"]) >= 1
    assert_nothing_written(booking)
    assert api.append(booking).status_code == 201


def test_a_partition_whose_turn_is_held_too_long_is_503_and_the_retry_appends_once(api: Api) -> None:
    booking = new_booking_id()
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT 1 FROM ledger.partition_turn FOR UPDATE")
        answer = api.append(booking)
    assert_problem(answer, 503, "unavailable")
    assert int(answer["Retry-After"]) >= 1
    assert_nothing_written(booking)


@pytest.mark.parametrize("host", ["evil.example", "a b", "[", "localhost/evil"])
def test_a_wrong_host_is_a_bad_request(host: str) -> None:
    assert_problem(Api().get("fares/BK-1", Host=host), 400, "bad_request")


def test_an_exception_outside_of_the_views_is_a_problem_too(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.http.broken_urls"
    api = Api()
    api.client.raise_request_exception = False
    assert_problem(api.request("GET", "/api/broken"), 500, "internal_error")
    assert_problem(api.request("GET", "/api/forbidden"), 403, "permission_denied")
    assert_problem(api.request("GET", "/api/suspicious"), 400, "bad_request")
    assert_problem(api.request("GET", "/api/nothing"), 404, "not_found")
    assert api.request("GET", "/broken")["Content-Type"].startswith("text/html")
