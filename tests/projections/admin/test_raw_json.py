"""The fare and its events as JSON in the admin: what the API answers, and noted in the audit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.api_client import Api, api  # noqa: F401 - the second is a fixture
from tests.audits import acts_of
from tests.builders import add, given, new_booking_id, set_
from tests.staff import signed_in


@pytest.fixture
def reader() -> Client:
    return signed_in("viewer")


def got(client: Client, booking: str, page: str, status: int = 200) -> Any:
    answer = client.get(f"/admin/projections/currentfare/{booking}/{page}")
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/json"
    return json.loads(answer.content)


def test_the_fare_is_what_the_api_answers_from_the_ledger(reader: Client, api: Api) -> None:  # noqa: F811
    booking = given(set_("14.00"), add("toll", "5.00"))
    assert got(reader, booking, "json/") == api.get(f"fares/{booking}?consistency=strong").json()
    assert acts_of(reader) == [("raw_read", booking, {})]


def test_a_past_fare_is_too_and_the_audit_says_which(reader: Client, api: Api) -> None:  # noqa: F811
    booking = given(set_("14.00"), add("toll", "5.00"))
    query = "version=1&recorded_before=2100-01-01T00:00:00Z"
    assert got(reader, booking, f"json/?{query}") == api.get(f"fares/{booking}?{query}").json()
    noted = {"version": "1", "recorded_before": "2100-01-01T00:00:00.000000Z"}
    assert acts_of(reader) == [("raw_read", booking, noted)]


def test_an_event_is_told_with_its_metadata(reader: Client, api: Api) -> None:  # noqa: F811
    booking = given(set_("14.00", metadata={"km": 18}))
    event = got(reader, booking, "events/1/json/")
    assert event == api.get(f"fares/{booking}/events/1").json()
    assert event["metadata"] == {"km": 18}
    assert acts_of(reader) == [("raw_read", booking, {"version": 1})]


def test_bounds_that_are_none_are_refused_and_nothing_is_noted(reader: Client) -> None:
    booking = given(set_("14.00"))
    assert "version" in got(reader, booking, "json/?version=x", status=400)
    for address in (f"{booking}/json/?version=2", f"{new_booking_id()}/json/"):
        assert reader.get(f"/admin/projections/currentfare/{address}").status_code == 404
    assert acts_of(reader) == []
