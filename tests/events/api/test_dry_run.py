"""POST …/events?dry_run=true: what an append would do, and that it writes nothing and waits for nobody."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import settings
from hypothesis import strategies as st

from events.partitions import partition_of
from tests.api_client import Api, assert_nothing_written, assert_problem, new_event, pointers
from tests.builders import add, append, connected, given, new_booking_id, set_, then_fare
from tests.tampering import erase

TOLL = {"type": "ADD", "component": "toll", "amount": "5.00", "expected_version": "any", "currency": ...}


def tried(api: Api, booking: str, body: Any, **headers: str) -> Any:
    return api.post(f"fares/{booking}/events?dry_run=true", body, **headers)


def test_a_first_event_would_begin_the_fare(api: Api) -> None:
    booking = new_booking_id()
    answer = tried(api, booking, new_event(currency="JPY", amount="1200"))
    assert answer.status_code == 200
    assert answer.json() == {
        "dry_run": True,
        "outcome": "appended",
        "status": 201,
        "booking_id": booking,
        "currency": "JPY",
        "exponent": 0,
        "change": "1200",
        "before": None,
        "after": {"version": 1, "fare": "1200", "components": {"base_fare": "1200"}},
        "event": None,
    }
    assert "Location" not in answer
    assert_nothing_written(booking)


def test_a_change_shows_the_fare_before_and_after(api: Api) -> None:
    booking = given(set_("14.00"), add("toll", "1.00"))
    shown = tried(api, booking, new_event(**TOLL | {"type": "SUB", "component": "promo"})).json()
    assert shown["change"] == "-5.00"
    before = {"version": 2, "fare": "15.00", "components": {"base_fare": "14.00", "toll": "1.00"}}
    assert shown["before"] == before
    assert shown["after"]["version"] == 3
    assert list(shown["after"]["components"].items()) == [
        ("base_fare", "14.00"), ("toll", "1.00"), ("promo", "-5.00"),
    ]  # fmt: skip
    then_fare(booking, "15.00", version=2)


def test_a_retry_would_answer_the_first_event(api: Api) -> None:
    booking, body = given(set_("14.00")), new_event(**TOLL)
    first = api.post(f"fares/{booking}/events", body).json()
    append(booking, add("waiting_fee", "2.00"))
    answer = tried(api, booking, body)
    shown = answer.json()
    assert (answer.status_code, shown["outcome"], shown["status"], shown["change"]) == (
        200,
        "replayed",
        200,
        "0.00",
    )
    assert shown["event"] == first
    assert shown["before"] == shown["after"]
    assert (shown["after"]["version"], shown["after"]["fare"]) == (3, "21.00")


def test_a_retry_of_what_was_erased_is_a_replay_too(api: Api) -> None:
    booking, body = new_booking_id(), new_event(actor="anna")
    api.post(f"fares/{booking}/events", body)
    erase(booking, version=1)
    shown = tried(api, booking, body).json()
    assert (shown["outcome"], shown["event"]["erased"]) == ("replayed", True)


def test_a_dry_run_does_not_use_up_the_transaction_id(api: Api) -> None:
    booking, body = new_booking_id(), new_event()
    assert tried(api, booking, body).json()["outcome"] == "appended"
    assert tried(api, booking, body).json()["outcome"] == "appended"
    assert api.post(f"fares/{booking}/events", body).status_code == 201
    assert tried(api, booking, body).json()["outcome"] == "replayed"


def test_false_means_an_append(api: Api) -> None:
    assert api.post(f"fares/{new_booking_id()}/events?dry_run=false", new_event()).status_code == 201


def test_a_conflict_is_the_very_problem_of_the_append(api: Api) -> None:
    booking = given(set_("14.00"))
    for change in (
        TOLL | {"expected_version": 7},
        TOLL | {"type": "SUB", "amount": "20.00"},
        TOLL | {"currency": "JPY"},
        TOLL | {"amount": "1.005"},
        TOLL | {"amount": 5},
        TOLL | {"amount": "9999999999999.99"},
    ):
        body = new_event(**change)
        would, does = tried(api, booking, body), api.post(f"fares/{booking}/events", body)
        assert 400 <= would.status_code == does.status_code
        assert would["Content-Type"] == "application/problem+json"
        assert would.json() == does.json() | {"request_id": would["X-Request-ID"]}


def test_a_key_of_other_components_would_be_refused() -> None:
    tolls = Api.of("tolls", "fares:append", components=["toll"])
    booking = given(set_("14.00"))
    assert tried(tolls, booking, new_event(**TOLL)).status_code == 200
    for change in ({"component": "promo"}, {"type": "SET", "expected_version": 1}):
        assert_problem(tried(tolls, booking, new_event(**TOLL | change)), 403, "permission_denied")


def test_a_key_that_may_only_read_may_not_try() -> None:
    reader = Api.of("app", "fares:read")
    assert_problem(tried(reader, new_booking_id(), new_event()), 403, "permission_denied")


def test_if_match_goes_with_it(api: Api) -> None:
    booking, body = given(set_("14.00")), new_event(**TOLL | {"expected_version": ...})
    assert tried(api, booking, body, If_Match='"v1.1"').json()["after"]["version"] == 2
    assert_problem(tried(api, booking, body, If_Match='"v2.1"'), 409, "version_conflict")
    assert_problem(tried(api, booking, body, If_Match="*"), 400, "invalid_precondition")


@pytest.mark.parametrize("query", ["dry_run=", "dry_run=1", "dry_run=TRUE", "dry_run=true&dry_run=true"])
def test_a_dry_run_is_asked_for_by_true_alone(api: Api, query: str) -> None:
    booking = new_booking_id()
    answer = api.post(f"fares/{booking}/events?{query}", new_event())
    assert pointers(assert_problem(answer, 400, "invalid_parameter")) == ["/dry_run"]
    assert_nothing_written(booking)


def test_it_waits_for_nobody_who_has_the_partitions_turn(api: Api) -> None:
    booking = given(set_("14.00"))
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with connected("owner") as owner, owner.transaction():
            owner.execute(
                "SELECT FROM ledger.partition_turn WHERE partition = %s FOR UPDATE", [partition_of(booking)]
            )
            held.set()
            done.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(20)
        assert tried(api, booking, new_event(**TOLL)).json()["after"]["fare"] == "19.00"
        assert_problem(api.append(booking, **TOLL), 503, "unavailable")
    finally:
        done.set()
        holder.join()


IDS = [str(uuid4()) for _ in range(4)]
CHANGES = st.fixed_dictionaries(
    {
        "transaction_id": st.sampled_from(IDS) | st.uuids().map(str),
        "expected_version": st.sampled_from(["any", "any", 0, 1, 2, 3]),
        "type": st.sampled_from(["SET", "ADD", "ADD", "SUB"]),
        "component": st.sampled_from(["base_fare", "toll", "Bad"]),
        "amount": st.sampled_from(["14.00", "14", "2.5", "0", "0.005", "9999999999999.99", "99999999999999"]),
        "currency": st.sampled_from(["SGD", "SGD", ..., "JPY", "XXX"]),
    },
    optional={
        "allow_negative": st.booleans(),
        "metadata": st.sampled_from([{}, {"n": 1}, {"n": 1.0}]),
        "occurred_at": st.sampled_from(["2026-05-03T14:05:00Z", "2026-05-03T16:05:00+02:00"]),
        "actor": st.sampled_from(["anna", None]),
    },
)


@settings(max_examples=25, deadline=None)
@hypothesis_given(st.lists(CHANGES, min_size=1, max_size=12))
def test_a_dry_run_says_what_the_run_then_does(api: Api, changes: list[dict[str, Any]]) -> None:
    booking = new_booking_id()
    for change in changes:
        body = new_event(**change)
        would = tried(api, booking, body)
        does = api.post(f"fares/{booking}/events", body)
        said, done = would.json(), does.json()
        if does.status_code >= 400:
            assert (would.status_code, said) == (does.status_code, done | {"request_id": said["request_id"]})
            continue
        assert (would.status_code, said["status"]) == (200, does.status_code)
        if does.status_code == 200:
            assert said["event"] == done
            done = api.get(f"fares/{booking}?consistency=strong").json()
        else:
            assert said["change"] == done["change"]
        assert said["after"] == {name: done[name] for name in ("version", "fare", "components")}
        assert list(said["after"]["components"]) == list(done["components"])
