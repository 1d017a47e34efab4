"""GET fares/{booking_id}: the fare from the view, or from the ledger where the view is behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from events import history
from events.partitions import partition_of
from projections import checkpoints, runner
from projections.projectors import PROJECTORS, projector
from tests.api_client import Api, assert_problem
from tests.builders import add, given, new_booking_id, set_, sub


def projected(booking_id: str) -> str:
    """The booking, once every view is at the end of its partition's log."""
    for each in PROJECTORS:
        runner.drain(each, [partition_of(booking_id)])
    return booking_id


@contextmanager
def view_standing_still(booking_id: str) -> Iterator[None]:
    """Nobody moves the view in the booking's partition, not even a worker that runs beside the tests."""
    held, done = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            checkpoints.lock(projector("current_fare"), partition_of(booking_id))
            held.set()
            done.wait(4)
        connection.close()

    holder = Thread(target=hold)
    holder.start()
    try:
        assert held.wait(4)
        yield
    finally:
        done.set()
        holder.join()


def three_events(api: Api) -> str:
    return given(set_("14.00"), add("toll", "5.00"), sub("promo", "3.10"))


@pytest.mark.parametrize("consistency", ["eventual", "strong"])
def test_a_fare_is_the_same_from_the_view_and_from_the_ledger(api: Api, consistency: str) -> None:
    booking = projected(three_events(api))
    first, *_, last = history.events_of(booking)
    answer = api.get(f"fares/{booking}?consistency={consistency}")
    assert answer.status_code == 200
    fare = answer.json()
    assert list(fare["components"]) == ["base_fare", "toll", "promo"]
    assert fare == {
        "booking_id": booking,
        "fare": "15.90",
        "currency": "SGD",
        "exponent": 2,
        "version": 3,
        "components": {"base_fare": "14.00", "toll": "5.00", "promo": "-3.10"},
        "events": 3,
        "first_recorded_at": first.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "recorded_at": last.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "occurred_at": last.occurred_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "consistency": consistency,
    }


def test_a_read_is_eventual_unless_it_says_otherwise(api: Api) -> None:
    assert api.get(f"fares/{projected(three_events(api))}").json()["consistency"] == "eventual"


@pytest.mark.parametrize(("currency", "fare"), [("JPY", "1200"), ("KWD", "1200.000"), ("SGD", "1200.00")])
@pytest.mark.parametrize("consistency", ["eventual", "strong"])
def test_a_fare_shows_all_decimals_of_its_currency(
    api: Api, currency: str, fare: str, consistency: str
) -> None:
    booking = new_booking_id()
    api.append(booking, currency=currency, amount="1200")
    answer = api.get(f"fares/{projected(booking)}?consistency={consistency}").json()
    assert (answer["fare"], answer["components"], answer["currency"]) == (fare, {"base_fare": fare}, currency)


def test_occurred_at_of_a_fare_is_when_its_last_event_happened(api: Api) -> None:
    booking = new_booking_id()
    api.append(booking, occurred_at="2026-01-02T03:04:05.678901+08:00")
    for query in ("consistency=strong", "consistency=eventual"):
        answer = api.get(f"fares/{projected(booking)}?{query}").json()
        assert answer["occurred_at"] == "2026-01-01T19:04:05.678901Z"


def test_who_asks_for_a_version_that_the_view_has_not_yet_is_answered_by_the_ledger(api: Api) -> None:
    booking = projected(three_events(api))
    with view_standing_still(booking):
        toll = {"expected_version": 3, "type": "ADD", "component": "toll", "amount": "1.00"}
        assert api.append(booking, **toll).status_code == 201
        behind = api.get(f"fares/{booking}").json()
        assert (behind["version"], behind["fare"], behind["consistency"]) == (3, "15.90", "eventual")
        enough = api.get(f"fares/{booking}?min_version=3").json()
        assert (enough["version"], enough["consistency"]) == (3, "eventual")
        newer = api.get(f"fares/{booking}?min_version=4").json()
        assert (newer["version"], newer["fare"], newer["consistency"]) == (4, "16.90", "strong")


def test_a_booking_that_the_view_has_not_yet_is_not_called_unknown(api: Api) -> None:
    booking = new_booking_id()
    with view_standing_still(booking):
        assert api.append(booking).status_code == 201
        answer = api.get(f"fares/{booking}")
        assert (answer.status_code, answer.json()["consistency"]) == (200, "strong")


@pytest.mark.parametrize(
    "query", ["min_version=4", "min_version=4&consistency=strong", "min_version=2147483647"]
)
def test_a_version_that_the_ledger_has_not_come_to_is_an_unknown_event(api: Api, query: str) -> None:
    assert_problem(api.get(f"fares/{three_events(api)}?{query}"), 404, "unknown_event")


@pytest.mark.parametrize("query", ["", "?consistency=strong", "?min_version=1"])
def test_a_booking_without_events_is_unknown(api: Api, query: str) -> None:
    assert_problem(api.get(f"fares/{new_booking_id()}{query}"), 404, "unknown_booking")
