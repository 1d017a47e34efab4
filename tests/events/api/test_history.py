"""GET fares/{booking_id}/events and …/events/{version}."""

from __future__ import annotations

import pytest

from tests.api_client import Api, assert_problem, new_event
from tests.builders import add, given, new_booking_id, set_


def seven_events(api: Api) -> str:
    tolls = (add("toll", f"{i}.00") for i in range(1, 7))
    return given(set_("14.00"), *tolls)


def versions(page: dict[str, list[dict[str, int]]]) -> list[int]:
    return [event["version"] for event in page["results"]]


def test_the_history_is_every_event_in_version_order(api: Api) -> None:
    booking = seven_events(api)
    page = api.get(f"fares/{booking}/events").json()
    assert versions(page) == [1, 2, 3, 4, 5, 6, 7]
    assert page["next"] is None
    assert [event["fare"] for event in page["results"]][-1] == "35.00"


def test_an_event_in_the_history_is_the_same_as_alone_and_as_when_it_was_appended(api: Api) -> None:
    booking = new_booking_id()
    appended = api.append(booking, metadata={"zone": "7"}, description="Price").json()
    assert api.get(f"fares/{booking}/events/1").json() == appended
    assert api.get(f"fares/{booking}/events").json() == {"results": [appended], "next": None}


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 500])
def test_pages_follow_each_other_without_a_gap(api: Api, limit: int) -> None:
    booking = seven_events(api)
    seen: list[int] = []
    after: str | None = "0"
    while after is not None:
        page = api.get(f"fares/{booking}/events?limit={limit}&after_version={after}").json()
        assert 1 <= len(page["results"]) <= limit
        seen += versions(page)
        after = page["next"]
    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_a_hundred_events_are_a_page_unless_a_limit_says_otherwise(api: Api) -> None:
    booking = given(*[set_("1.00")] * 101)
    page = api.get(f"fares/{booking}/events").json()
    assert (len(page["results"]), page["next"]) == (100, "100")


@pytest.mark.parametrize("after", [7, 8, 2**31 - 1])
def test_after_the_last_version_there_is_an_empty_page(api: Api, after: int) -> None:
    page = api.get(f"fares/{seven_events(api)}/events?after_version={after}").json()
    assert page == {"results": [], "next": None}


@pytest.mark.parametrize("path", ["events", "events?after_version=3", "events/1"])
def test_a_booking_without_events_is_unknown(api: Api, path: str) -> None:
    assert_problem(api.get(f"fares/{new_booking_id()}/{path}"), 404, "unknown_booking")


def test_a_version_that_is_not_there_yet_is_an_unknown_event(api: Api) -> None:
    booking = given(set_("1.00"))
    assert_problem(api.get(f"fares/{booking}/events/2"), 404, "unknown_event")


def test_every_source_reads_every_booking(api: Api) -> None:
    booking = new_booking_id()
    api.post(f"fares/{booking}/events", new_event())
    assert (
        Api.of("receipts", "fares:read").get(f"fares/{booking}/events").json()["results"][0]["source"]
        == "pricing"
    )
