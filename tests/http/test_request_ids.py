"""Every answer has the request's id, so that a caller's report leads to our log."""

from __future__ import annotations

import logging
from contextvars import copy_context
from uuid import UUID

import pytest

from farehistory.http.request_ids import current_request_id
from farehistory.logs import Plain
from tests.api_client import Api
from tests.builders import new_booking_id


@pytest.mark.parametrize(
    "given", ["a", "8d5c2f0e-4b0a-4d2b-9d9e-3f6f0a1b2c3d", "Root=1-67/ab+c:d_e.f@g=", "x" * 128]
)
def test_a_safe_id_is_taken_and_answered(api: Api, given: str) -> None:
    assert api.get("fares/unknown", X_Request_ID=given)["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", " ", "a b", "x" * 129, "a\nb", "\u00fc", "<script>", 'a"b', "a\x00"])
def test_any_other_id_is_replaced(api: Api, given: str) -> None:
    answer = api.get("fares/unknown", X_Request_ID=given)
    assert str(UUID(answer["X-Request-ID"])) == answer["X-Request-ID"]


def test_two_requests_have_two_ids(api: Api) -> None:
    assert api.get("fares/unknown")["X-Request-ID"] != api.get("fares/unknown")["X-Request-ID"]


@pytest.mark.parametrize(
    "path", ["/", "/admin/login/", "/health/live", "/api/schema", "/api/nothing", "/nothing"]
)
def test_every_answer_has_an_id(api: Api, path: str) -> None:
    assert api.request("GET", path, X_Request_ID="seen-7")["X-Request-ID"] == "seen-7"


def test_an_event_keeps_the_id_of_the_request_that_made_it(api: Api) -> None:
    booking = new_booking_id()
    answer = api.append(booking)
    assert answer.json()["request_id"] == answer["X-Request-ID"]


def test_log_lines_have_the_id_of_the_request_being_answered() -> None:
    assert copy_context().run(_line, "seen-8") == "[seen-8]"
    assert copy_context().run(_line, None) == "[-]"


def _line(request_id: str | None) -> str:
    current_request_id.set(request_id)
    record = logging.LogRecord("a", logging.INFO, "", 0, "told", None, None)
    return Plain().format(record).split()[-2]


def test_what_django_logs_of_a_bad_answer_has_the_requests_id(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.setFormatter(Plain())
    with caplog.at_level(logging.WARNING, "django.request"):
        api.get("fares/unknown", X_Request_ID="seen-9")
    assert "[seen-9]" in caplog.text
