"""POST events/batch: an answer for each item, or all or none."""

from __future__ import annotations

import json
from decimal import Decimal
from time import process_time
from typing import Any
from uuid import uuid4

import pytest

from events import history
from tests.api_client import Api, assert_nothing_written, assert_problem, new_event, pointers
from tests.builders import given, new_booking_id, set_, then_fare


def item(booking: str, **fields: Any) -> dict[str, Any]:
    return {"booking_id": booking, **new_event(**fields)}


def toll(booking: str, **fields: Any) -> dict[str, Any]:
    change = {
        "type": "ADD",
        "component": "toll",
        "amount": "1.00",
        "currency": ...,
        "expected_version": "any",
    }
    return item(booking, **change | fields)


def sent(api: Api, *items: Any, **batch: Any) -> Any:
    return api.post("events/batch", {"items": list(items), **batch})


def statuses(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [each["status"] for each in answer.json()["items"]]


def codes(answer: Any) -> list[str]:
    return [each["problem"]["code"] if "problem" in each else "" for each in answer.json()["items"]]


@pytest.mark.parametrize("atomic", [False, True])
def test_each_item_is_answered_in_its_place_with_its_event(api: Api, atomic: bool) -> None:
    bookings = [new_booking_id() for _ in range(20)]
    items = [item(b) for b in bookings] + [toll(b) for b in bookings]
    answer = api.post("events/batch", {"atomic": atomic, "items": items}, X_Request_ID="night-1").json()
    assert (answer["appended"], answer["replayed"], answer["refused"]) == (40, 0, 0)
    for asked, got in zip(items, answer["items"], strict=True):
        assert got["status"] == 201
        event = got["event"]
        assert (event["booking_id"], event["transaction_id"]) == (
            asked["booking_id"],
            asked["transaction_id"],
        )
        assert (event["source"], event["origin"], event["request_id"]) == ("pricing", "api", "night-1")
        alone = api.get(f"fares/{event['booking_id']}/events/{event['version']}").json()
        assert alone == event
    for booking in bookings:
        then_fare(booking, "15.00", version=2)


@pytest.mark.parametrize("atomic", [False, True])
def test_a_booking_may_come_several_times(api: Api, atomic: bool) -> None:
    """SET, ADD and ADD again with the versions that the items before it made, between those of others."""
    one, other = new_booking_id(), given(set_("1.00"))
    answer = sent(
        api,
        item(one),
        toll(other),
        toll(one, expected_version=1),
        toll(one, expected_version=2, amount="2.50"),
        toll(other, expected_version=2),
        item(one, expected_version=3, amount="5.00"),
        toll(one),
        atomic=atomic,
    )
    assert [each["event"]["version"] for each in answer.json()["items"]] == [1, 2, 2, 3, 3, 4, 5]
    then_fare(one, "6.00", version=5)
    then_fare(other, "3.00", version=3)


@pytest.mark.parametrize("atomic", [False, True])
def test_the_same_batch_again_is_all_replays(api: Api, atomic: bool) -> None:
    booking, other = new_booking_id(), new_booking_id()
    items = [item(booking), toll(booking, expected_version=1), item(other)]
    first = sent(api, *items, atomic=atomic).json()
    again = sent(api, *items, toll(other), atomic=atomic)
    assert statuses(again) == [200, 200, 200, 201]
    assert (again.json()["appended"], again.json()["replayed"]) == (1, 3)
    assert [e["event"] for e in again.json()["items"][:3]] == [e["event"] for e in first["items"]]
    assert statuses(sent(api, *items, atomic=not atomic)) == [200, 200, 200]


def test_an_id_twice_in_one_batch_is_a_replay_or_reused(api: Api) -> None:
    booking = given(set_("14.00"))
    once = toll(booking)
    answer = sent(api, once, once, once | {"amount": "2.00"}, once | {"amount": "1"})
    assert statuses(answer) == [201, 200, 409, 200]
    assert codes(answer)[2] == "transaction_id_reused"
    then_fare(booking, "15.00", version=2)


def test_one_id_may_serve_two_bookings(api: Api) -> None:
    one = item(new_booking_id())
    assert statuses(sent(api, one, one | {"booking_id": new_booking_id()}, atomic=True)) == [201, 201]


def test_a_refused_item_gets_the_very_problem_of_its_append_and_the_others_go_on(api: Api) -> None:
    known, unknown = given(set_("14.00")), new_booking_id()
    refused = [
        toll(unknown),
        toll(known, expected_version=7),
        toll(known, type="SUB", amount="20.00"),
        toll(known, currency="JPY"),
        toll(known, amount="1.005"),
        toll(known, amount=5, actor=7),
        toll(known, surplus=1),
        toll(known, transaction_id="x", type=..., metadata={"a": "x" * 40000}),
    ]
    alone = []
    for each in refused:
        body = {name: value for name, value in each.items() if name != "booking_id"}
        alone.append(api.post(f"fares/{each['booking_id']}/events", body))
    answer = sent(api, *refused, toll(known), item(unknown))
    assert statuses(answer) == [each.status_code for each in alone] + [201, 201]
    for index, (got, single) in enumerate(zip(answer.json()["items"], alone, strict=False)):
        expected = single.json()
        for error in expected["errors"]:
            error["pointer"] = f"/items/{index}{error['pointer']}"
        expected |= {"request_id": answer["X-Request-ID"], "instance": "/api/v1/events/batch"}
        assert got["problem"] == expected
    then_fare(known, "15.00", version=2)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (7, "/items/1"),
        (None, "/items/1"),
        ([], "/items/1"),
        ({}, "/items/1/booking_id"),
        ({"booking_id": None}, "/items/1/booking_id"),
        ({"booking_id": "a/b"}, "/items/1/booking_id"),
        ({"booking_id": 7}, "/items/1/booking_id"),
        ({"expected_version": ...}, "/items/1/expected_version"),
        ({"description": "a\0b"}, "/items/1/description"),
        ({"description": "\ud800"}, "/items/1/description"),
        ({"metadata": {"deep": {"a~/\0": 1}}}, "/items/1/metadata/deep"),
        ({"metadata": {"n": float("nan")}}, "/items/1/metadata/n"),
    ],
)
def test_an_item_that_is_not_valid_does_not_take_the_others_with_it(
    api: Api, wrong: Any, pointer: str
) -> None:
    before, after = new_booking_id(), new_booking_id()
    if isinstance(wrong, dict) and wrong:
        wrong = {name: value for name, value in (item("BK-1") | wrong).items() if value is not ...}
    answer = sent(api, item(before), wrong, item(after))
    assert statuses(answer) == [201, 422, 201]
    problem = answer.json()["items"][1]["problem"]
    assert problem["code"] == "invalid_event"
    assert pointer in pointers(problem)
    refused = assert_problem(sent(api, toll(before), wrong, toll(after), atomic=True), 422, "batch_refused")
    assert (refused["index"], refused["problem"]["code"]) == (1, "invalid_event")
    then_fare(before, "14.00", version=1)


def test_a_key_twice_in_one_item_is_that_items_fault(api: Api) -> None:
    good = json.dumps(item(new_booking_id()))
    twice = good[:-1] + ', "amount": "2.00"}'
    answer = api.post("events/batch", f'{{"items": [{twice}, {good}]}}'.encode())
    assert statuses(answer) == [422, 201]
    assert answer.json()["items"][0]["problem"]["errors"][0] == {
        "pointer": "/items/0",
        "code": "duplicate_key",
        "detail": "the key 'amount' stands twice in one object",
    }


def test_metadata_that_no_parser_gets_to_the_end_of_is_its_items_fault(api: Api) -> None:
    good = json.dumps(item(new_booking_id()))
    deep = good[:-1] + ', "metadata": {"a": ' + "[" * 5000 + "]" * 5000 + "}}"
    answer = api.post("events/batch", f'{{"items": [{deep}, {good}]}}'.encode())
    assert statuses(answer) == [422, 201]
    (error,) = answer.json()["items"][0]["problem"]["errors"]
    assert error["code"] == "too_deep"
    assert error["pointer"].startswith("/items/0/metadata/a/0/0")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"[]", ""),
        (b"7", ""),
        (b'{"items": [], "items": []}', ""),
        (b"{}", "/items"),
        (b'{"items": null}', "/items"),
        (b'{"items": {}}', "/items"),
        (b'{"items": NaN}', "/items"),
        (b'{"items": [], "atomic": null}', "/atomic"),
        (b'{"items": [], "atomic": "true"}', "/atomic"),
        (b'{"items": [], "events": []}', "/events"),
        (b'{"items": [], "\\ud800~\\u0000": 1}', "/\\ud800~0\0"),
        (json.dumps({"items": [{}] * 1001}).encode(), "/items"),
        (json.dumps({"atomic": True, "items": [{}] * 101}).encode(), "/items"),
    ],
)
def test_a_batch_that_is_none_is_refused_as_a_whole(api: Api, body: bytes, pointer: str) -> None:
    assert pointers(assert_problem(api.post("events/batch", body), 422, "invalid_batch")) == [pointer]


@pytest.mark.parametrize("body", [b"", b"{", b'{"items": [}', b"\xff", b"[" * 100_000])
def test_a_batch_that_is_no_json_is_malformed(api: Api, body: bytes) -> None:
    assert_problem(api.post("events/batch", body), 400, "malformed_body")


@pytest.mark.parametrize("atomic", [False, True])
def test_no_items_are_no_work(api: Api, atomic: bool) -> None:
    answer = sent(api, atomic=atomic)
    assert answer.json() == {"appended": 0, "replayed": 0, "refused": 0, "items": []}


def test_a_body_has_two_mebibytes_and_no_more(api: Api) -> None:
    booking = new_booking_id()
    body = json.dumps({"items": [item(booking)]}).encode()
    padded = body + b" " * (2 * 1024 * 1024 - len(body))
    assert statuses(api.post("events/batch", padded)) == [201]
    assert_problem(api.post("events/batch", padded + b" "), 413, "too_large")


def test_a_thousand_items_fit(api: Api) -> None:
    bookings = [new_booking_id() for _ in range(250)]
    metadata = {"note": "x" * 1200}
    items = [
        each
        for b in bookings
        for each in (item(b, metadata=metadata), *(toll(b, metadata=metadata) for _ in range(3)))
    ]
    answer = sent(api, *items)
    assert set(statuses(answer)) == {201}
    then_fare(bookings[-1], "17.00", version=4)
    assert set(statuses(sent(api, *items))) == {200}


def test_there_is_no_dry_run_of_a_batch(api: Api) -> None:
    booking = new_booking_id()
    answer = api.post("events/batch?dry_run=true", {"items": [item(booking)]})
    assert pointers(assert_problem(answer, 400, "invalid_parameter")) == ["/dry_run"]
    assert_nothing_written(booking)


def test_a_limited_key_gets_in_what_it_may_write() -> None:
    tolls = Api.of("tolls", "fares:append", components=["toll"])
    known, new = given(set_("14.00")), new_booking_id()
    items = [toll(known), toll(known, component="promo"), item(new), toll(known, type="SET"), toll(known)]
    answer = sent(tolls, *items)
    assert statuses(answer) == [201, 403, 403, 403, 201]
    assert answer.json()["items"][1]["problem"]["detail"] == "This API key may write only: toll."
    refused = assert_problem(sent(tolls, *items, atomic=True), 403, "batch_refused")
    assert (refused["index"], refused["problem"]["code"]) == (1, "permission_denied")
    then_fare(known, "16.00", version=3)
    assert_nothing_written(new)


def test_a_key_that_may_only_read_may_send_none() -> None:
    assert_problem(sent(Api.of("app", "fares:read"), item(new_booking_id())), 403, "permission_denied")


def test_of_an_atomic_batch_the_first_refused_item_is_told_and_nothing_written(api: Api) -> None:
    """First in the order of the request, whichever partition is taken first."""
    for _ in range(5):
        bookings = [new_booking_id() for _ in range(20)]
        known = given(set_("14.00"))
        items = [item(b) for b in bookings]
        items[7:7] = [toll(known), toll(known, expected_version=1)]
        items[15] = toll(bookings[15], expected_version="any")
        answer = sent(api, *items, atomic=True)
        refused = assert_problem(answer, 409, "batch_refused")
        assert refused["index"] == 8
        assert refused["problem"]["code"] == "version_conflict"
        assert refused["problem"]["status"] == 409
        assert refused["problem"]["current"] == {"version": 2, "fare": "15.00", "currency": "SGD"}
        for booking in bookings:
            assert_nothing_written(booking)
        then_fare(known, "14.00", version=1)


def test_an_atomic_batch_that_was_refused_has_not_used_up_its_ids(api: Api) -> None:
    good, bad = item(new_booking_id()), toll(new_booking_id())
    assert_problem(sent(api, good, bad, atomic=True), 409, "batch_refused")
    assert statuses(sent(api, good, atomic=True)) == [201]


def test_an_id_reused_within_an_atomic_batch_refuses_it(api: Api) -> None:
    booking = new_booking_id()
    first = item(booking, transaction_id=str(uuid4()))
    assert statuses(sent(api, first, first, atomic=True)) == [201, 200]
    refused = assert_problem(
        sent(api, toll(booking), first | {"amount": "1.00"}, atomic=True), 409, "batch_refused"
    )
    assert (refused["index"], refused["problem"]["code"]) == (1, "transaction_id_reused")
    assert len(history.events_of(booking)) == 1


@pytest.mark.parametrize("atomic", [False, True])
@pytest.mark.parametrize("where", ["metadata", "unheard_of"])
@pytest.mark.parametrize("beside", ["a", "\\u0061"])
def test_a_body_of_a_million_numbers_is_refused_before_each_is_looked_into(
    api: Api, atomic: bool, where: str, beside: str
) -> None:
    numbers = "1," * 1_000_000 + "1"
    body = f'{{"atomic": {str(atomic).lower()}, "items": [{{"{where}": {{"{beside}": [{numbers}]}}}}]}}'
    began = process_time()
    answer = api.post("events/batch", body.encode())
    took = process_time() - began
    problem = answer.json()["problem"] if atomic else answer.json()["items"][0]["problem"]
    assert problem["code"] == "invalid_event"
    assert "too_large" in [error["code"] for error in problem["errors"]]
    began = process_time()
    json.loads(body, parse_int=Decimal)
    assert took < 8 * (process_time() - began)


def test_the_largest_metadata_fits_into_an_item(api: Api) -> None:
    numbers = [1] * 16_380
    booking = new_booking_id()
    answer = sent(api, item(booking, metadata={"a": numbers}), item(new_booking_id(), description="\u200b"))
    assert statuses(answer) == [201, 201]
    assert history.events_of(booking)[0].metadata == {"a": numbers}
