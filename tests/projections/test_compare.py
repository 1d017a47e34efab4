"""Two schemas' tables are compared row by row, whatever their columns, and the first version that differs is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from events.partitions import partition_of
from projections import runner
from projections.compare import Difference, NotComparable, compare, count, first_version
from projections.projector import CHECK, LIVE, NEXT, Page
from projections.projectors.current_fare import CurrentFareProjector
from tests.builders import add, given, new_booking_id, set_, sub
from tests.projections.drift import planted_drift

PROJECTOR = CurrentFareProjector()


@pytest.fixture
def booking() -> str:
    """Three versions: 14.00, 19.00, 17.00."""
    booking = given(set_("14.00"), add("toll", "5.00"), sub("promo", "2.00"))
    runner.drain(PROJECTOR, runner.lagging(PROJECTOR))
    return booking


@pytest.fixture
def folded(booking: str) -> Iterator[str]:
    """The booking folded anew in the schema CHECK, for as long as the test looks."""
    partition = partition_of(booking)
    with transaction.atomic():
        PROJECTOR.apply(Page(partition, 0, 10**9, CHECK, bookings=(booking,)))
        yield booking
        transaction.set_rollback(True)


def differences(booking: str) -> list[Difference]:
    return compare(PROJECTOR, partition_of(booking), rebuilt=CHECK, bookings=[booking])


def test_equal_rows_are_no_difference(folded: str) -> None:
    assert differences(folded) == []
    assert count(PROJECTOR, partition_of(folded), rebuilt=CHECK, bookings=[folded]) == 0


def test_a_row_that_differs_is_shown_as_it_is_on_both_sides(folded: str) -> None:
    damage(folded, "fare_minor = 1701")
    (found,) = differences(folded)
    assert found.table == "current_fare"
    assert found.key == {"partition": partition_of(folded), "booking_id": folded}
    assert found.booking_id == folded
    assert found.stored is not None
    assert found.rebuilt is not None
    assert (found.stored["fare_minor"], found.rebuilt["fare_minor"]) == (1701, 1700)
    assert found.rebuilt["component_amounts"] == [1400, 500, -200]


def damage(booking: str, assignment: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE projection.current_fare SET {assignment} WHERE partition = %s AND booking_id = %s",
            [partition_of(booking), booking],
        )


def test_a_missing_row_and_one_too_many_are_differences(folded: str) -> None:
    other = new_booking_id()
    damage(folded, f"booking_id = '{other}'")
    found = compare(PROJECTOR, partition_of(folded), rebuilt=CHECK, bookings=[folded, other])
    assert {each.booking_id: (each.stored is None, each.rebuilt is None) for each in found} == {
        folded: (True, False),
        other: (False, True),
    }


def test_a_limit_keeps_the_list_short_and_the_count_exact(folded: str) -> None:
    other = new_booking_id()
    damage(folded, f"booking_id = '{other}'")
    which = {"rebuilt": CHECK, "bookings": [folded, other]}
    assert len(compare(PROJECTOR, partition_of(folded), limit=1, **which)) == 1
    assert count(PROJECTOR, partition_of(folded), **which) == 2


def test_a_booking_that_is_set_aside_is_not_compared(folded: str) -> None:
    damage(folded, "fare_minor = 1701")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {LIVE}.set_aside (projection, partition, booking_id, position, error, traceback)"
            " VALUES (%s, %s, %s, 1, 'of a test', '')",
            [PROJECTOR.name, partition_of(folded), folded],
        )
    assert differences(folded) == []


def test_columns_of_one_side_and_of_other_types_are_borne(folded: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {CHECK}.current_fare ADD COLUMN surge numeric(6,2) DEFAULT 1.25")
        cursor.execute(f"ALTER TABLE {CHECK}.current_fare ALTER COLUMN exponent TYPE bigint")
    assert differences(folded) == []
    damage(folded, "exponent = 3")
    (found,) = differences(folded)
    assert found.rebuilt is not None
    assert found.rebuilt["surge"] == "1.25"  # exact, never a float


def test_a_side_without_the_table_cannot_be_compared(booking: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('projection_next.current_fare')")
        assert cursor.fetchone() == (None,)
    with pytest.raises(NotComparable):
        compare(PROJECTOR, partition_of(booking), rebuilt=NEXT)


@pytest.mark.parametrize(
    ("assignment", "version"),
    [
        ("fare_minor = 1701", 1),
        ("version = version - 1", 1),
        (
            "version = 2, fare_minor = 1900, components = '{base_fare,toll}', component_amounts = '{1400,500}',"
            " (last_recorded_at, last_occurred_at) = (SELECT recorded_at, recorded_at FROM ledger.fare_event AS e"
            " WHERE e.partition = current_fare.partition AND e.booking_id = current_fare.booking_id"
            " AND e.version = 2)",
            3,
        ),
    ],
)
def test_the_first_version_that_differs_comes_after_the_last_that_agrees(
    booking: str, assignment: str, version: int
) -> None:
    with planted_drift(booking, assignment):
        with transaction.atomic():
            PROJECTOR.apply(Page(partition_of(booking), 0, 10**9, CHECK, bookings=(booking,)))
            (found,) = differences(booking)
            assert first_version(PROJECTOR, found) == version
            transaction.set_rollback(True)
        assert first_version(PROJECTOR, found) == version


def test_a_missing_row_differs_from_its_first_version(folded: str) -> None:
    damage(folded, f"booking_id = '{new_booking_id()}'")
    (found,) = differences(folded)
    assert first_version(PROJECTOR, found) == 1
