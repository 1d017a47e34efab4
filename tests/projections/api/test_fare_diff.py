"""GET fares/{booking_id}/diff: what changed between two states, and by which events."""

from __future__ import annotations

import pytest

from events import history
from events.api.representation import time_as_json
from tests.api_client import Api, assert_problem, pointers
from tests.builders import add, given, set_, sub


@pytest.fixture(scope="module")
def ride() -> str:
    return given(set_("14.00"), add("toll", "5.00"), sub("promo", "2.00"))


def test_each_component_is_told_before_and_after_with_the_events_in_between(api: Api, ride: str) -> None:
    diff = api.get(f"fares/{ride}/diff?from=1&to=3").json()
    events = diff.pop("events")
    assert diff == {
        "booking_id": ride,
        "currency": "SGD",
        "exponent": 2,
        "from": {"version": 1, "fare": "14.00"},
        "to": {"version": 3, "fare": "17.00"},
        "change": "3.00",
        "components": {
            "base_fare": {"before": "14.00", "after": "14.00", "change": "0.00"},
            "toll": {"before": "0.00", "after": "5.00", "change": "5.00"},
            "promo": {"before": "0.00", "after": "-2.00", "change": "-2.00"},
        },
        "next": None,
    }
    assert events == [api.get(f"fares/{ride}/events/{version}").json() for version in (2, 3)]


def test_a_state_may_be_named_by_when_it_was_recorded(api: Api, ride: str) -> None:
    then = time_as_json(history.event_of(ride, 2).recorded_at)
    diff = api.get(f"fares/{ride}/diff?from={then}&to=2100-01-01T00:00:00+08:00").json()
    assert (diff["from"]["version"], diff["to"]["version"]) == (1, 3)
    nothing = api.get(f"fares/{ride}/diff?from=2000-01-01T00:00:00Z&to=0").json()
    assert (nothing["from"], nothing["events"]) == ({"version": 0, "fare": "0.00"}, [])


def test_more_events_than_the_limit_go_on_in_the_history(api: Api, ride: str) -> None:
    diff = api.get(f"fares/{ride}/diff?from=0&to=3&limit=2").json()
    assert [event["version"] for event in diff["events"]] == [1, 2]
    assert diff["next"] == "2"
    rest = api.get(f"fares/{ride}/events?after_version={diff['next']}").json()
    assert [event["version"] for event in rest["results"]] == [3]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["/from", "/to"]),
        ("from=1", ["/to"]),
        ("from=3&to=1", ["/to"]),
        ("from=x&to=2026-05-03", ["/from", "/to"]),
        ("from=1&to=2&limit=501", ["/limit"]),
        ("from=1&to=2&until=3", ["/until"]),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(
    api: Api, ride: str, query: str, names: list[str]
) -> None:
    problem = assert_problem(api.get(f"fares/{ride}/diff?{query}"), 400, "invalid_parameter")
    assert pointers(problem) == names


def test_versions_and_bookings_that_are_not_there_are_unknown(api: Api, ride: str) -> None:
    assert_problem(api.get(f"fares/{ride}/diff?from=1&to=4"), 404, "unknown_event")
    assert_problem(api.get("fares/nobody-knows/diff?from=1&to=2"), 404, "unknown_booking")


def test_a_diff_needs_the_scope_of_reading() -> None:
    appends = Api.of("pricing", "fares:append")
    assert_problem(appends.get("fares/nobody-knows/diff?from=1&to=2"), 403, "permission_denied")
