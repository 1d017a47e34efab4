"""A key that is limited to some components writes no other, by whichever call."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from events import history
from events.corrections.models import Correction
from tests.api_client import Api, assert_problem, new_event
from tests.builders import add, given, new_booking_id, set_, then_fare
from tests.events.corrections.desk import change, contra, events_of, limit, should_be, support, waiting


def test_it_appends_no_other() -> None:
    tolls = Api.of("tolls", "fares:append", components=["toll", "base_fare"])
    booking = new_booking_id()
    assert tolls.append(booking).status_code == 201
    problem = assert_problem(
        tolls.append(booking, expected_version=1, component="promo"), 403, "permission_denied"
    )
    assert "toll, base_fare" in problem["detail"]
    assert len(history.events_of(booking)) == 1


def test_it_begins_a_fare_and_replaces_none() -> None:
    """A SET removes all other components, those too that the key may not write."""
    pricing = Api.of("pricing", "fares:append", components=["base_fare", "toll"])
    booking = new_booking_id()
    assert pricing.append(booking, expected_version=0).status_code == 201
    for expected_version in ("any", 1):
        answer = pricing.append(booking, expected_version=expected_version, component="toll", amount="0.00")
        assert_problem(answer, 403, "permission_denied")
    assert pricing.append(booking, type="ADD", component="toll", expected_version=1).status_code == 201


@pytest.mark.parametrize("expected_version", ["any", 1, 7])
def test_the_set_that_it_began_a_fare_with_is_replayed_whatever_version_it_expects(
    expected_version: Any,
) -> None:
    pricing, booking, body = Api.of("pricing", components=["base_fare"]), new_booking_id(), new_event()
    assert pricing.post(f"fares/{booking}/events", body).status_code == 201
    again = {**body, "expected_version": expected_version}
    for call in ("", "?dry_run=true"):
        assert pricing.post(f"fares/{booking}/events{call}", again).status_code == 200
    (item,) = pricing.post("events/batch", {"items": [{**again, "booking_id": booking}]}).json()["items"]
    assert item["status"] == 200
    other = {**again, "amount": "15.00"}
    assert_problem(pricing.post(f"fares/{booking}/events", other), 409, "transaction_id_reused")
    then_fare(booking, "14.00", version=1)


def test_one_without_any_writes_none() -> None:
    nothing = Api.of("pricing", "fares:append", components=[])
    assert_problem(nothing.append(new_booking_id()), 403, "permission_denied")


def desk(*components: str) -> Api:
    """A key of somebody who may correct, for these components."""
    return Api.of("support-desk", "fares:correct", user_id=support().pk, components=components)


def asked(booking_id: str, version: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "booking_id": booking_id,
        "corrects_version": version,
        "seen_version": history.last_of(booking_id).version,
        "reason_code": "charged_twice",
        "reason": "One passage, two gantries",
        **fields,
    }


OTHERS = [
    (1, {"kind": "event", "type": "ADD", "amount": "1.00"}),
    (3, {"kind": "event", "type": "ADD", "amount": "1.00", "component": "promo"}),
    (3, {"kind": "event", "type": "SET", "amount": "1.00", "component": "toll"}),
    (2, {"kind": "contra"}),
    (1, {"kind": "should_be", "target": "20.00"}),
]


@pytest.mark.parametrize(("version", "wanted"), OTHERS)
def test_it_corrects_no_other(version: int, wanted: dict[str, Any]) -> None:
    """Nor replaces all; nor where nobody else would look at it, below the limit of the currency."""
    booking = given(set_("14.00", currency="BRL"), add("promo", "5.00"), add("toll", "5.00"))
    sent = asked(booking, version, **wanted)
    with limit("BRL", "100.00"):
        for call in ("corrections", "corrections?dry_run=true"):
            assert_problem(desk("toll").post(call, sent), 403, "permission_denied")
    then_fare(booking, "24.00", version=3)
    assert not Correction.objects.filter(booking_id=booking).exists()


@pytest.mark.parametrize(
    "wanted",
    [
        {"kind": "event", "type": "SUB", "amount": "5.00"},
        {"kind": "event", "type": "SUB", "amount": "5.00", "component": "toll"},
        {"kind": "contra"},
        {"kind": "should_be", "target": "14.00"},
    ],
)
def test_it_corrects_its_own(wanted: dict[str, Any]) -> None:
    booking, api = given(set_("14.00"), add("toll", "5.00")), desk("toll")
    sent = asked(booking, 2, **wanted)
    assert api.post("corrections?dry_run=true", sent).json()["refusal"] is None
    assert [api.post("corrections", sent).status_code for _ in range(2)] == [201, 200]
    approval = desk("toll").post(f"corrections/{sent['id']}/approve", {"seen_version": 2})
    assert approval.status_code == 200
    then_fare(booking, "14.00", version=3)


def test_it_approves_no_other() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    for proposal in (
        change(booking, "ADD", "1.00", component="promo"),
        change(booking, "SET", "1.00", component="toll"),
        should_be(booking, "20.00"),
    ):
        correction = waiting(proposal)
        path = f"corrections/{correction.pk}/approve"
        assert_problem(desk("toll").post(path, {"seen_version": 2}), 403, "permission_denied")
        assert events_of(correction) == []


def test_it_turns_down_whatever_another_proposed() -> None:
    """That writes nothing."""
    correction = waiting(contra(given(set_("14.00"), add("toll", "5.00")), 2))
    answer = desk("promo").post(f"corrections/{correction.pk}/reject", {"reason": "Two passages"})
    assert answer.status_code == 200


def test_what_is_to_be_corrected_and_is_not_there_is_said_not_to_be_there() -> None:
    sent = asked(given(set_("14.00")), 9, kind="contra")
    assert_problem(desk("toll").post("corrections", sent), 404, "unknown_event")
    sent["booking_id"] = new_booking_id()
    assert_problem(desk("toll").post("corrections", sent), 404, "unknown_booking")
