"""GET fares/{booking_id} as of then: by version, by what we knew, by what had happened, and together."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from events import history
from events.api.representation import time_as_json
from tests.api_client import Api, assert_problem, pointers
from tests.builders import add, append, given, set_, sub

MAY_1, MAY_2 = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def late_toll() -> str:
    booking = given(set_("14.00", occurred_at=MAY_1), add("waiting_fee", "2.00", occurred_at=MAY_2))
    append(booking, add("toll", "5.00", occurred_at=MAY_1))
    return booking


def test_at_a_version_the_fare_is_as_its_event_left_it(api: Api, late_toll: str) -> None:
    first, second, _ = history.events_of(late_toll)
    assert api.get(f"fares/{late_toll}?version=2").json() == {
        "booking_id": late_toll,
        "fare": "16.00",
        "currency": "SGD",
        "exponent": 2,
        "version": 2,
        "components": {"base_fare": "14.00", "waiting_fee": "2.00"},
        "events": 2,
        "first_recorded_at": time_as_json(first.recorded_at),
        "recorded_at": time_as_json(second.recorded_at),
        "occurred_at": "2026-05-02T00:00:00.000000Z",
        "consistency": "strong",
        "complete": True,
    }


@pytest.mark.parametrize(
    ("query", "fare", "version", "events"),
    [
        ("occurred_before=2026-05-01T00:00:00.000001Z", "19.00", 3, 2),
        ("occurred_before=2026-05-01T12:00:00%2B08:00", "19.00", 3, 2),
        ("occurred_before=2026-05-01T12:00:00+08:00", "19.00", 3, 2),  # a plus sign that was not escaped
        ("occurred_before=2026-05-01T12:00:00Z&version=2", "14.00", 1, 1),
        ("recorded_before=2100-01-01T00:00:00Z", "21.00", 3, 3),
        (
            "recorded_before=2100-01-01T00:00:00Z&version=1&occurred_before=2100-01-01T00:00:00Z",
            "14.00",
            1,
            1,
        ),
    ],
)
def test_the_events_that_meet_all_bounds_make_the_fare(
    api: Api, late_toll: str, query: str, fare: str, version: int, events: int
) -> None:
    then = api.get(f"fares/{late_toll}?{query}").json()
    assert (then["fare"], then["version"], then["events"]) == (fare, version, events)
    assert then["complete"] is True


@pytest.mark.parametrize("digits", ["1", "000000001", "0000005", "999999999"])
def test_a_time_that_is_finer_than_any_events_is_after_the_one_before_it(
    api: Api, late_toll: str, digits: str
) -> None:
    """To the microsecond MAY_1 is not before itself; a nanosecond later it is."""
    plain = "2026-05-01T00:00:00"
    assert_problem(api.get(f"fares/{late_toll}?occurred_before={plain}.000000000Z"), 404, "unknown_event")
    then = api.get(f"fares/{late_toll}?occurred_before={plain}.{digits}Z").json()
    assert (then["fare"], then["events"]) == ("19.00", 2)


def test_a_bound_at_the_end_of_time_is_refused(api: Api, late_toll: str) -> None:
    answer = api.get(f"fares/{late_toll}?recorded_before=9999-12-31T23:59:59.9999999Z")
    assert pointers(assert_problem(answer, 400, "invalid_parameter")) == ["/recorded_before"]


def test_what_we_believed_then_about_an_earlier_time(api: Api, late_toll: str) -> None:
    then = time_as_json(history.event_of(late_toll, 3).recorded_at)
    believed = api.get(f"fares/{late_toll}?recorded_before={then}&occurred_before=2026-05-01T12:00:00Z")
    assert believed.json()["components"] == {"base_fare": "14.00"}


def test_the_defaults_of_a_read_of_now_say_nothing(api: Api, late_toll: str) -> None:
    """So that a client that sends every default reads the past, too."""
    plain = api.get(f"fares/{late_toll}?version=2").json()
    assert api.get(f"fares/{late_toll}?consistency=eventual&min_version=0&version=2").json() == plain


def test_without_a_set_the_answer_is_incomplete(api: Api) -> None:
    booking = given(set_("14.00", occurred_at=MAY_2), sub("promo", "2.00", occurred_at=MAY_1))
    then = api.get(f"fares/{booking}?occurred_before=2026-05-01T12:00:00Z").json()
    assert (then["fare"], then["complete"]) == ("-2.00", False)


@pytest.mark.parametrize(
    "query", ["version=4", "recorded_before=2020-01-01T00:00:00Z", "occurred_before=2026-05-01T00:00:00Z"]
)
def test_what_never_was_is_an_unknown_event(api: Api, late_toll: str, query: str) -> None:
    assert_problem(api.get(f"fares/{late_toll}?{query}"), 404, "unknown_event")


@pytest.mark.parametrize("query", ["version=1", "recorded_before=2020-01-01T00:00:00Z"])
def test_the_past_of_an_unknown_booking_is_unknown(api: Api, query: str) -> None:
    assert_problem(api.get(f"fares/nobody-knows?{query}"), 404, "unknown_booking")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("version=0", "/version"),
        ("version=-1", "/version"),
        ("version=2147483648", "/version"),
        ("version=1&version=1", "/version"),
        ("recorded_before=2026-05-03", "/recorded_before"),
        ("recorded_before=2026-05-03T00:00:00", "/recorded_before"),
        ("occurred_before=2026-13-03T00:00:00Z", "/occurred_before"),
        ("occurred_before=0001-01-01T00:00:00%2B23:59", "/occurred_before"),
        ("version=1&consistency=strong", "/consistency"),
        ("recorded_before=2026-05-03T00:00:00Z&min_version=1", "/min_version"),
        ("as_of=1", "/as_of"),
    ],
)
def test_what_is_no_bound_is_refused_by_name(api: Api, late_toll: str, query: str, pointer: str) -> None:
    problem = assert_problem(api.get(f"fares/{late_toll}?{query}"), 400, "invalid_parameter")
    assert pointers(problem) == [pointer]
