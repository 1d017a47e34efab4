"""If-Match: the ETag of the fare that was read, in place of the version that is expected."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api_client import Api, assert_nothing_written, assert_problem, new_event, pointers
from tests.builders import add, given, new_booking_id, set_, then_fare


def toll(**fields: Any) -> dict[str, Any]:
    body = {"type": "ADD", "component": "toll", "amount": "1.00", "currency": ..., "expected_version": ...}
    return new_event(**{**body, **fields})


def test_the_tag_that_a_read_answered_is_the_version_that_an_append_expects(api: Api) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    tag = api.get(f"fares/{booking}?consistency=strong")["ETag"]
    assert tag == '"v2.1"'
    answer = api.post(f"fares/{booking}/events", toll(), If_Match=tag)
    assert (answer.status_code, answer.json()["version"]) == (201, 3)
    conflict = assert_problem(
        api.post(f"fares/{booking}/events", toll(), If_Match=tag), 409, "version_conflict"
    )
    assert conflict["current"] == {"version": 3, "fare": "20.00", "currency": "SGD"}
    then_fare(booking, "20.00", version=3)


def test_a_retry_with_the_tag_of_before_is_a_replay(api: Api) -> None:
    booking, body = given(set_("14.00")), toll()
    assert api.post(f"fares/{booking}/events", body, If_Match='"v1.1"').status_code == 201
    again = api.post(f"fares/{booking}/events", body, If_Match='"v1.1"')
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")


def test_a_tag_of_another_format_of_the_answer_names_the_same_version(api: Api) -> None:
    """Old and new processes run side by side while a deployment lasts."""
    booking = given(set_("14.00"))
    assert api.post(f"fares/{booking}/events", toll(), If_Match='"v1.2"').status_code == 201


def test_the_same_version_may_be_in_the_body_too(api: Api) -> None:
    booking = given(set_("14.00"))
    answer = api.post(f"fares/{booking}/events", toll(expected_version=1), If_Match='"v1.1"')
    assert answer.status_code == 201


@pytest.mark.parametrize("expected", [0, 2, "any", "1", None, "x"])
def test_another_version_in_the_body_is_refused(api: Api, expected: Any) -> None:
    booking = given(set_("14.00"))
    problem = assert_problem(
        api.post(f"fares/{booking}/events", toll(expected_version=expected), If_Match='"v1.1"'),
        400,
        "invalid_precondition",
    )
    assert pointers(problem) == ["/expected_version"]
    then_fare(booking, "14.00", version=1)


@pytest.mark.parametrize(
    "tag",
    [
        "*", "", " ", "v1.1", "1", '"1"', '"v1"', '"v1."', '"v01.1"', '"v0.1"', '"v-1.1"', '"v1.0"', 'W/"v1.1"',
        '"v1.1", "v2.1"', '"v1.1","v1.1"', '"v1.1",', "'v1.1'", '"v1.1"x', '"v١.1"', '"v2147483648.1"',
        '"v99999999999.1"', '"v1.1"\x7f', "\x00", '"v1.1;"', '"' + "v" * 9000 + '"',
    ],
)  # fmt: skip
@pytest.mark.parametrize("expected", [..., 1])
def test_what_is_not_exactly_one_strong_tag_is_refused(api: Api, tag: str, expected: Any) -> None:
    booking = given(set_("14.00"))
    answer = api.post(f"fares/{booking}/events", toll(expected_version=expected), If_Match=tag)
    assert pointers(assert_problem(answer, 400, "invalid_precondition")) == ["/If-Match"]
    then_fare(booking, "14.00", version=1)


def test_a_tag_of_a_booking_that_has_no_fare_is_a_conflict(api: Api) -> None:
    booking = new_booking_id()
    answer = api.post(f"fares/{booking}/events", new_event(expected_version=...), If_Match='"v1.1"')
    conflict = assert_problem(answer, 409, "version_conflict")
    assert conflict["current"] == {"version": 0, "fare": None, "currency": None}
    assert_nothing_written(booking)


def test_without_a_tag_the_body_must_say_which_version(api: Api) -> None:
    booking = given(set_("14.00"))
    problem = assert_problem(api.post(f"fares/{booking}/events", toll()), 422, "invalid_event")
    assert pointers(problem) == ["/expected_version"]


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"null"])
def test_a_body_that_is_no_object_stays_that(api: Api, body: bytes) -> None:
    answer = api.post(f"fares/{new_booking_id()}/events", body, If_Match='"v1.1"')
    assert_problem(answer, 422, "invalid_event")
