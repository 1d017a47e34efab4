"""POST fares/{booking_id}/events: what is appended, replayed and refused."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connections

from events import history
from tests.api_client import Api, assert_nothing_written, assert_problem, new_event, pointers
from tests.builders import add, given, new_booking_id, set_


def test_an_append_answers_201_and_the_whole_event(api: Api) -> None:
    booking = new_booking_id()
    body = new_event(
        description="Price at booking",
        actor="rider-app",
        occurred_at="2026-05-03T22:05:00+08:00",
        metadata={"zone": "Ω", "distance_km": 8.4},
    )
    answer = api.post(f"fares/{booking}/events", body, X_Request_ID="trace-1")
    event = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == f"/api/v1/fares/{booking}/events/1"
    assert answer["Content-Type"] == "application/json"
    assert "Idempotent-Replayed" not in answer
    stored = history.event_of(booking, 1)
    assert event == {
        "booking_id": booking,
        "version": 1,
        "transaction_id": body["transaction_id"],
        "type": "SET",
        "component": "base_fare",
        "amount": "14.00",
        "currency": "SGD",
        "exponent": 2,
        "allow_negative": False,
        "change": "14.00",
        "fare": "14.00",
        "components": {"base_fare": "14.00"},
        "description": "Price at booking",
        "source": "pricing",
        "actor": "rider-app",
        "origin": "api",
        "metadata": {"zone": "Ω", "distance_km": 8.4},
        "erased": False,
        "corrects_version": None,
        "correction_id": None,
        "occurred_at": "2026-05-03T14:05:00.000000Z",
        "recorded_at": stored.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "request_id": "trace-1",
        "partition": stored.partition,
        "position": stored.position,
        "hash": stored.hash.hex(),
    }


def test_the_location_of_an_append_is_the_address_of_its_event(api: Api) -> None:
    created = api.append(new_booking_id())
    assert api.request("GET", created["Location"]).json() == created.json()


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("JPY", "1200", "1200"), ("SGD", "12.5", "12.50"), ("KWD", "1.05", "1.050"), ("SGD", "0", "0.00")],
)
def test_amounts_come_back_with_all_decimals_of_the_currency(
    api: Api, currency: str, amount: str, shown: str
) -> None:
    event = api.append(new_booking_id(), currency=currency, amount=amount).json()
    assert (event["amount"], event["fare"], event["components"]) == (shown, shown, {"base_fare": shown})


def test_a_change_has_the_sign_of_its_type_and_the_breakdown_keeps_its_order(api: Api) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    event = api.append(booking, expected_version=2, type="SUB", component="promo", amount="3.10").json()
    assert (event["amount"], event["change"], event["fare"]) == ("3.10", "-3.10", "15.90")
    assert list(event["components"].items()) == [
        ("base_fare", "14.00"), ("toll", "5.00"), ("promo", "-3.10"),
    ]  # fmt: skip


def test_metadata_comes_back_as_it_was_sent_digit_for_digit(api: Api) -> None:
    booking = new_booking_id()
    metadata = '{"z":1.0,"a":[0.10,123456789012345678901234567890,true,null],"é":"\\"\\\\ \U0001f695"}'
    body = json.dumps(new_event())[:-1] + ', "metadata": ' + metadata + "}"
    assert api.post(f"fares/{booking}/events", body.encode()).status_code == 201
    answer = api.get(f"fares/{booking}/events/1")
    assert f'"metadata":{metadata},'.encode() in answer.content


def test_without_metadata_the_event_has_an_empty_object(api: Api) -> None:
    assert api.append(new_booking_id()).json()["metadata"] == {}
    assert api.append(new_booking_id(), metadata=None).json()["metadata"] == {}


def test_any_appends_at_whatever_the_head_is(api: Api) -> None:
    booking = given(set_("14.00"), add("toll", "1.00"))
    toll = {"expected_version": "any", "type": "ADD", "component": "toll", "amount": "2.00", "currency": ...}
    answer = api.append(booking, **toll)
    assert (answer.status_code, answer.json()["version"], answer.json()["fare"]) == (201, 3, "17.00")


def test_a_retry_with_the_same_transaction_id_returns_the_first_event(api: Api) -> None:
    booking = new_booking_id()
    body = new_event(metadata={"a": 1})
    first = api.post(f"fares/{booking}/events", body)
    api.append(booking, expected_version=1, type="ADD", component="toll", amount="1.00")
    for expected_version in (0, 2, "any"):
        retry = api.post(f"fares/{booking}/events", body | {"expected_version": expected_version})
        assert retry.status_code == 200
        assert retry["Idempotent-Replayed"] == "true"
        assert retry["Location"] == first["Location"]
        assert retry.json() == first.json()
    assert len(history.events_of(booking)) == 2


def test_the_same_transaction_id_with_other_content_is_refused(api: Api) -> None:
    booking = new_booking_id()
    body = new_event()
    assert api.post(f"fares/{booking}/events", body).status_code == 201
    assert_problem(
        api.post(f"fares/{booking}/events", body | {"amount": "15.00"}), 409, "transaction_id_reused"
    )
    assert len(history.events_of(booking)) == 1


def test_a_version_conflict_carries_the_fare_as_it_is_now(api: Api) -> None:
    booking = given(set_("14.00"), add("toll", "5.50"))
    for expected_version in (0, 1, 3, 2**31 - 1):
        conflict = assert_problem(
            api.append(booking, expected_version=expected_version, type="ADD"), 409, "version_conflict"
        )
        assert conflict["current"] == {"version": 2, "fare": "19.50", "currency": "SGD"}


def test_a_version_conflict_of_an_unknown_booking_says_version_0(api: Api) -> None:
    booking = new_booking_id()
    conflict = assert_problem(api.append(booking, expected_version=1), 409, "version_conflict")
    assert conflict["current"] == {"version": 0, "fare": None, "currency": None}


def test_two_appends_at_one_version_leave_one_winner(api: Api) -> None:
    booking = given(set_("14.00"))
    start = Barrier(2)

    def add_toll(amount: str) -> int:
        start.wait()
        try:
            other = Api(api.key)
            return int(
                other.append(
                    booking, expected_version=1, type="ADD", component="toll", amount=amount
                ).status_code
            )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(add_toll, ["1.00", "2.00"])) == [201, 409]
    assert len(history.events_of(booking)) == 2


def test_a_refused_append_has_not_used_up_its_transaction_id(api: Api) -> None:
    booking = given(set_("14.00"))
    body = new_event(type="ADD", component="toll", amount="1.00", expected_version=0)
    assert_problem(api.post(f"fares/{booking}/events", body), 409, "version_conflict")
    assert api.post(f"fares/{booking}/events", body | {"expected_version": 1}).status_code == 201


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"currency": "USD"}, 409, "currency_mismatch"),
        ({"type": "SUB", "amount": "14.01"}, 409, "negative_fare"),
        ({"amount": "1.001"}, 422, "invalid_event"),
        ({"amount": "9999999999999999"}, 422, "invalid_event"),
    ],
)
def test_what_the_booking_does_not_allow_is_refused(
    api: Api, fields: dict[str, str], status: int, code: str
) -> None:
    booking = given(set_("14.00"))
    change = {"expected_version": 1, "type": "ADD", "component": "toll", **fields}
    assert_problem(api.append(booking, **change), status, code)
    assert len(history.events_of(booking)) == 1


def test_a_refund_above_the_fare_may_be_allowed(api: Api) -> None:
    booking = given(set_("14.00"))
    refund = {"expected_version": 1, "type": "SUB", "component": "refund", "amount": "20.00"}
    assert_problem(api.append(booking, **refund), 409, "negative_fare")
    answer = api.append(booking, **refund, allow_negative=True)
    assert (answer.status_code, answer.json()["fare"], answer.json()["change"]) == (201, "-6.00", "-20.00")


@pytest.mark.parametrize("kind", ["ADD", "SUB"])
def test_a_toll_before_the_price_is_told_to_come_again(api: Api, kind: str) -> None:
    booking = new_booking_id()
    assert_problem(api.append(booking, type=kind, expected_version="any"), 409, "first_event_must_set")
    assert_nothing_written(booking)


def test_a_first_event_needs_a_currency(api: Api) -> None:
    booking = new_booking_id()
    problem = assert_problem(api.append(booking, currency=...), 422, "invalid_event")
    assert pointers(problem) == ["/currency"]
    assert_nothing_written(booking)


def test_a_hundred_components_are_the_most(api: Api) -> None:
    booking = given(set_("1", component="c0"), *(add(f"c{i}", "1") for i in range(1, 100)))
    extra = {"type": "ADD", "component": "one_more", "expected_version": "any"}
    assert_problem(api.append(booking, **extra), 422, "too_many_components")
    assert len(history.head_of(booking).components) == 100


def test_the_source_is_the_keys_and_never_the_bodys() -> None:
    booking = new_booking_id()
    waiting = Api.of("waiting-fees", "fares:append")
    assert_problem(waiting.append(booking, source="pricing"), 422, "invalid_event")
    assert_nothing_written(booking)
    assert waiting.append(booking).json()["source"] == "waiting-fees"


def test_two_sources_cannot_share_a_transaction_id(api: Api) -> None:
    booking, body = new_booking_id(), new_event()
    assert api.post(f"fares/{booking}/events", body).status_code == 201
    answer = Api.of("promos").post(f"fares/{booking}/events", body)
    assert_problem(answer, 409, "transaction_id_reused")


def test_one_transaction_id_may_serve_two_bookings(api: Api) -> None:
    body = new_event(transaction_id=str(uuid4()))
    assert {api.post(f"fares/{new_booking_id()}/events", body).status_code for _ in range(2)} == {201}


def test_an_unknown_parameter_such_as_a_dry_run_writes_nothing(api: Api) -> None:
    booking = new_booking_id()
    problem = assert_problem(
        api.post(f"fares/{booking}/events?dry_run=maybe", new_event()), 400, "invalid_parameter"
    )
    assert pointers(problem) == ["/dry_run"]
    assert_nothing_written(booking)
