"""Whatever differs from the ledger is found within one walk and listed once, and nothing that is equal is."""

from __future__ import annotations

import logging
from datetime import datetime

import pytest

from events.partitions import partition_of
from projections import drift, set_aside
from projections.drift import monitor
from projections.models import Drift
from projections.projectors import projector
from tests.builders import add, append, given, new_booking_id, set_
from tests.projections.drift import planted_drift
from tests.projections.drift_monitor.helpers import (
    FARES,
    TOTALS,
    drain,
    execute,
    only,
    open_drift,
    walk,
    walk_of,
)


def test_a_damaged_fare_is_found_with_both_values(booking: str, caplog: pytest.LogCaptureFixture) -> None:
    with planted_drift(booking, "fare_minor = 1701"):
        walk()
        (found,) = open_drift(booking)
        assert (found.projection, found.partition) == ("current_fare", partition_of(booking))
        assert (found.stored["fare_minor"], found.rebuilt["fare_minor"]) == (1701, 1700)
        assert (found.first_version, found.rebuild) == (1, None)
    (alarm,) = [record for record in caplog.records if booking in record.getMessage()]
    assert alarm.levelno == logging.ERROR
    assert "1701" in alarm.getMessage()
    assert "1700" in alarm.getMessage()


def test_a_deleted_row_is_found(booking: str) -> None:
    with planted_drift(booking, "fare_minor = fare_minor"):
        execute("DELETE FROM projection.current_fare WHERE booking_id = %s", booking)
        walk()
        (found,) = open_drift(booking)
        assert (found.stored, found.rebuilt["version"]) == (None, 3)


def test_a_row_that_no_event_explains_is_found() -> None:
    invented = new_booking_id()
    other = given(set_("14.00"))
    drain()
    execute(
        "INSERT INTO projection.current_fare SELECT (jsonb_populate_record(fare, %s::jsonb)).*"
        " FROM projection.current_fare AS fare WHERE booking_id = %s",
        f'{{"booking_id": "{invented}", "partition": {partition_of(invented)}}}',
        other,
    )
    try:
        walk()
        (found,) = open_drift(invented)
        assert (found.stored["fare_minor"], found.rebuilt) == (1400, None)
    finally:
        execute("DELETE FROM projection.current_fare WHERE booking_id = %s", invented)
    walk()
    assert open_drift(invented) == []


def test_a_reference_that_no_event_names_is_found() -> None:
    booking = given(set_("14.00", metadata={"order_id": "O-1"}))
    drain()
    where = (partition_of(booking), booking)
    execute("INSERT INTO projection.booking_search VALUES (%s, %s, 'order_id', 'O-2')", *where)
    try:
        walk(projector("booking_search"))
        (found,) = open_drift(booking)
        assert (found.projection, found.key["value"]) == ("booking_search", "O-2")
    finally:
        execute("DELETE FROM projection.booking_search WHERE value = 'O-2' AND booking_id = %s", booking)
    walk(projector("booking_search"))
    assert open_drift(booking) == []


def test_a_changed_total_is_found_and_closed_once_it_is_right(booking: str) -> None:
    partition = partition_of(booking)
    change = (
        "UPDATE projection.daily_totals SET change = change + %s WHERE partition = %s AND component = 'toll'"
    )
    before = proven_before(booking)
    execute(change, 1, partition)
    try:
        walk(TOTALS)
        found = Drift.objects.filter(projection="daily_totals", partition=partition, put_right_at=None)
        assert found
        assert all(
            int(each.stored["change"]) == int(each.rebuilt["change"]) + 1 and each.booking_id is None
            for each in found
        )
        assert walk_of(booking, TOTALS).proven_at == before
    finally:
        execute(change, -1, partition)
    walk(TOTALS)
    assert not Drift.objects.filter(projection="daily_totals", partition=partition, put_right_at=None)


def proven_before(booking: str) -> datetime | None:
    walk(TOTALS)
    return walk_of(booking, TOTALS).proven_at


def test_drift_is_listed_once_and_closed_once_it_is_put_right(booking: str) -> None:
    with planted_drift(booking, "fare_minor = 1701"):
        walk()
        walk()
        assert Drift.objects.filter(booking_id=booking).count() == 1
    drift.tick()
    while open_drift(booking):
        drift.tick()
    (closed,) = Drift.objects.filter(booking_id=booking)
    assert closed.put_right_at is not None


def test_a_repaired_booking_can_be_checked_at_once(booking: str) -> None:
    with planted_drift(booking, "fare_minor = 1701"):
        assert drift.check_now(FARES, [booking]).drift == 1
        set_aside.fold_anew(FARES, booking)
        assert drift.check_now(FARES, [booking]).put_right == 1
    assert open_drift(booking) == []


def test_what_is_set_aside_is_no_drift(booking: str) -> None:
    with planted_drift(booking, "version = 7, fare_minor = 1"):
        append(booking, add("toll", "5.00"))
        drain()
        assert walk().drift == 0
        assert open_drift(booking) == []
    drain()


def test_the_newest_bookings_are_looked_at_whatever_the_walk_is_at(
    booking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk()
    before = walk_of(booking)
    monkeypatch.setattr(monitor, "_walk_on", lambda *_, **__: None)
    with only(FARES), planted_drift(booking, "fare_minor = 1701"):
        while not open_drift(booking):
            drift.tick()
        assert (walk_of(booking).after, walk_of(booking).checked) == (before.after, before.checked)
