"""Properties of the append call over arbitrary JSON: always an event or a problem, and never half of one."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.history import head_of
from tests.api_client import Api, assert_problem, new_event
from tests.builders import new_booking_id

FIELDS = [
    "transaction_id", "expected_version", "type", "component", "amount", "currency", "description",
    "occurred_at",
    "actor", "metadata", "allow_negative",
]  # fmt: skip

settings.register_profile(
    "http", max_examples=75, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
property_test = settings.get_profile("http")


def scalars() -> st.SearchStrategy[Any]:
    """JSON scalars, lone surrogates and NUL among the strings, NaN and the infinities among the numbers."""
    return st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON value of moderate size."""
    return st.recursive(
        scalars(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    )


def nearly_events() -> st.SearchStrategy[dict[str, Any]]:
    """Valid first events in which some fields were replaced by something else, or left out."""
    values = (
        json_values()
        | st.just(...)
        | st.sampled_from(["SET", "any", "1.00", "SGD", "JPY", 0, 1, "2026-05-03T14:05:00Z"])
    )
    return st.dictionaries(st.sampled_from(FIELDS), values, max_size=3).map(
        lambda fields: new_event(**fields)
    )


def assert_event_or_problem(api: Api, body: bytes) -> None:
    booking = new_booking_id()
    answer = api.post(f"fares/{booking}/events", body)
    head = head_of(booking)
    if answer.status_code == 201:
        assert head is not None and head.version == answer.json()["version"] == 1
    else:
        assert answer.status_code in (400, 409, 422), answer.content
        assert_problem(answer, answer.status_code, answer.json()["code"])
        assert head is None


@property_test
@given(body=json_values())
def test_any_json_value_is_answered_with_an_event_or_a_problem(api: Api, body: Any) -> None:
    assert_event_or_problem(api, json.dumps(body).encode())


@property_test
@given(body=nearly_events())
def test_anything_in_a_field_is_answered_with_an_event_or_a_problem(api: Api, body: dict[str, Any]) -> None:
    assert_event_or_problem(api, json.dumps(body).encode())


@property_test
@given(body=st.binary(max_size=300))
def test_any_bytes_are_answered_with_a_problem(api: Api, body: bytes) -> None:
    assert_event_or_problem(api, body)


@property_test
@given(
    metadata=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), json_values()
    )
)
def test_metadata_that_was_accepted_comes_back_equal(api: Api, metadata: dict[str, Any]) -> None:
    booking = new_booking_id()
    if api.post(f"fares/{booking}/events", new_event(metadata=metadata)).status_code == 201:
        assert api.get(f"fares/{booking}/events/1").json()["metadata"] == metadata
