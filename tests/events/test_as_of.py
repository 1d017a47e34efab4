"""A fare as it was: by version, by what we knew, by what had happened, and by an index."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from events import history, ledger
from events.as_of import Bounds, fare_as_of, version_recorded_before
from events.errors import NothingYet, UnknownBooking, UnknownEvent
from events.partitions import partition_of
from events.sql import statement
from tests.builders import add, append, event, given, new_booking_id, set_, sub

APRIL, MAY_1, MAY_3 = (datetime(2026, month, day, tzinfo=UTC) for month, day in ((4, 30), (5, 1), (5, 3)))
LATER = datetime(9998, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def long_booking() -> str:
    """10,000 events, each an hour after the one before, so far as those go that happened."""
    booking = new_booking_id()
    tolls = [
        event(
            booking, add("toll", "0.01", occurred_at=datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=at))
        )
        for at in range(1, 10_000)
    ]
    append(booking, set_("5.00", occurred_at=datetime(2020, 1, 1, tzinfo=UTC)))
    for start in range(0, len(tolls), 1000):
        ledger.append_many(tolls[start : start + 1000], source="pricing")
    return booking


def test_a_toll_that_was_recorded_late_counts_by_when_it_happened() -> None:
    booking = given(
        set_("14.00", occurred_at=APRIL),
        add("waiting_fee", "2.00", occurred_at=MAY_3),
        add("toll", "5.00", occurred_at=APRIL),
    )
    then = fare_as_of(booking, Bounds(occurred_before=MAY_1))
    assert then.components == {"base_fare": Decimal("14.00"), "toll": Decimal("5.00")}
    assert (then.fare, then.last.version, then.events) == (Decimal("19.00"), 3, 2)


def test_what_we_believed_then_about_an_earlier_time_meets_both_bounds() -> None:
    booking = given(set_("14.00", occurred_at=APRIL), add("waiting_fee", "2.00", occurred_at=MAY_3))
    late = append(booking, add("toll", "5.00", occurred_at=APRIL))
    believed = fare_as_of(booking, Bounds(recorded_before=late.recorded_at, occurred_before=MAY_1))
    assert (believed.fare, believed.events) == (Decimal("14.00"), 1)
    known_since = Bounds(recorded_before=late.recorded_at + timedelta(seconds=1), occurred_before=MAY_1)
    assert fare_as_of(booking, known_since).fare == Decimal("19.00")


def test_bounds_are_exclusive() -> None:
    booking = given(set_("14.00", occurred_at=MAY_1))
    recorded_at = history.event_of(booking, 1).recorded_at
    for bounds in (Bounds(occurred_before=MAY_1), Bounds(recorded_before=recorded_at)):
        with pytest.raises(NothingYet):
            fare_as_of(booking, bounds)


def test_without_a_set_among_them_the_fare_is_incomplete() -> None:
    booking = given(set_("14.00", occurred_at=MAY_3), sub("promo", "2.00", occurred_at=APRIL))
    then = fare_as_of(booking, Bounds(occurred_before=MAY_1))
    assert not then.complete
    assert then.components == {"promo": Decimal("-2.00")}


def test_a_set_among_them_begins_anew_and_what_came_before_it_no_longer_counts() -> None:
    booking = given(
        set_("14.00", occurred_at=APRIL), add("toll", "5.00", occurred_at=APRIL), set_("20.00", occurred_at=APRIL)
    )  # fmt: skip
    then = fare_as_of(booking, Bounds(occurred_before=MAY_1))
    assert (then.components, then.first_version, then.events) == ({"base_fare": Decimal("20.00")}, 1, 3)


def test_a_time_that_was_not_given_is_when_it_was_recorded() -> None:
    booking = given(set_("14.00"))
    with pytest.raises(NothingYet):
        fare_as_of(booking, Bounds(occurred_before=MAY_1))
    assert fare_as_of(booking, Bounds(occurred_before=LATER)).fare == Decimal("14.00")


@pytest.mark.parametrize(
    "bounds", [Bounds(version=3), Bounds(version=0), Bounds(version=3, recorded_before=MAY_1)]
)
def test_a_version_that_is_not_there_is_unknown(bounds: Bounds) -> None:
    with pytest.raises(UnknownEvent) as raised:
        fare_as_of(given(set_("14.00"), add("toll", "1.00")), bounds)
    assert not isinstance(raised.value, NothingYet)


@pytest.mark.parametrize(
    "bounds", [Bounds(version=1), Bounds(recorded_before=MAY_1), Bounds(occurred_before=MAY_1)]
)
@pytest.mark.parametrize("booking", ["nobody-knows", "กข", "a b"])
def test_a_booking_without_events_is_unknown(booking: str, bounds: Bounds) -> None:
    with pytest.raises(UnknownBooking):
        fare_as_of(booking, bounds)


def test_in_a_long_history_any_state_is_found(long_booking: str) -> None:
    middle = history.event_of(long_booking, 5000)
    known = Bounds(recorded_before=middle.recorded_at + timedelta(microseconds=1))
    assert fare_as_of(long_booking, known).last.version >= 5000
    happened = Bounds(occurred_before=middle.occurred_at)
    assert fare_as_of(long_booking, happened).fare == Decimal("5.00") + 4998 * Decimal("0.01")


def test_what_we_knew_is_found_by_a_few_look_ups_in_an_index_however_long_the_history(
    long_booking: str,
) -> None:
    middle = history.event_of(long_booking, 5000).recorded_at
    assert version_recorded_before(long_booking, middle) < 5000
    plan = plan_of("version_recorded_before", long_booking, recorded_before=middle)
    scans = [node for node in nodes(plan) if "Relation Name" in node]
    assert {scan["Node Type"] for scan in scans} <= {"Index Scan", "Index Only Scan"}
    assert 1 < sum(scan["Actual Rows"] * scan["Actual Loops"] for scan in scans) <= 16


def test_what_had_happened_is_folded_within_the_bookings_own_range_of_an_index(long_booking: str) -> None:
    plan = plan_of("fold_occurred", long_booking, version=10_000, occurred_before=LATER)
    scans = [node for node in nodes(plan) if "Relation Name" in node]
    assert [scan["Node Type"] for scan in scans] in (["Index Scan"], ["Bitmap Heap Scan"])
    assert scans[0]["Actual Rows"] == 10_000
    assert scans[0].get("Rows Removed by Filter", 0) == 0


def plan_of(name: str, booking: str, **parameters: Any) -> dict[str, Any]:
    place = {"partition": partition_of(booking), "booking_id": booking}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement(name)}", place | parameters)
        (answer,) = cursor.fetchone()
    plans = json.loads(answer) if isinstance(answer, str) else answer
    plan: dict[str, Any] = plans[0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]
