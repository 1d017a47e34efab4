"""A booking that a projector cannot take does not stop the others, is seen with its error, and is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import ProgrammingError, connection

from events.partitions import partition_of
from projections import checkpoints, installation, runner, set_aside
from projections.models import CurrentFare
from projections.projector import LIVE, OutOfStep, Page
from projections.projectors.current_fare import CurrentFareProjector
from projections.set_aside import CannotFoldOne, NotSetAside
from tests.builders import add, append, given, new_booking_id, set_
from tests.projections.drift import planted_drift

PROJECTOR = CurrentFareProjector()


def drain() -> None:
    runner.drain(PROJECTOR, runner.lagging(PROJECTOR))


def bookings_of_one_partition(count: int) -> list[str]:
    first = new_booking_id()
    found = [first]
    while len(found) < count:
        other = new_booking_id()
        if partition_of(other) == partition_of(first):
            found.append(other)
    return found


def set_aside_bookings() -> dict[str, set_aside.SetAside]:
    return {row.booking_id: row for row in set_aside.of(PROJECTOR.name)}


@pytest.fixture
def broken() -> Iterator[str]:
    """A booking whose row in the view is not where its next event begins; its neighbours are fine."""
    booking = given(set_("14.00"))
    drain()
    with planted_drift(booking, "version = 7, fare_minor = 1"):
        append(booking, add("toll", "5.00"))
        yield booking
    drain()


def test_the_others_of_the_partition_go_on(broken: str) -> None:
    others = [b for b in bookings_of_one_partition(200) if partition_of(b) == partition_of(b)][:5]
    for other in others:
        given(set_("3.00"), add("toll", "1.00"), booking_id=other)
    drain()
    assert runner.lagging(PROJECTOR) == []
    assert {CurrentFare.objects.get(booking_id=other).version for other in others} == {2}
    assert CurrentFare.objects.get(booking_id=broken).version == 7


def test_neighbours_on_the_same_page_are_taken(broken: str) -> None:
    neighbours = [
        booking
        for booking in (new_booking_id() for _ in range(2000))
        if partition_of(booking) == partition_of(broken)
    ][:8]
    for neighbour in neighbours:
        given(set_("3.00"), booking_id=neighbour)
    append(broken, add("toll", "1.00"))
    drain()
    assert CurrentFare.objects.filter(booking_id__in=neighbours).count() == len(neighbours)
    assert set(set_aside_bookings()) & {broken, *neighbours} == {broken}


def test_it_is_seen_with_its_error_and_where_it_begins(broken: str) -> None:
    drain()
    row = set_aside_bookings()[broken]
    assert "OutOfStep" in row.error
    assert "Traceback" in row.traceback
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position FROM ledger.fare_event WHERE partition = %s AND booking_id = %s AND version = 2",
            [row.partition, broken],
        )
        assert cursor.fetchone() == (row.position,)


def test_later_events_of_it_are_left_out_too(broken: str) -> None:
    drain()
    first = set_aside_bookings()[broken]
    append(broken, add("toll", "1.00"))
    drain()
    assert runner.lagging(PROJECTOR) == []
    assert set_aside_bookings()[broken] == first


def test_a_retry_folds_it_anew_from_version_1(broken: str) -> None:
    drain()
    append(broken, add("toll", "1.00"))
    drain()
    set_aside.retry(PROJECTOR, broken)
    view = CurrentFare.objects.get(booking_id=broken)
    assert (view.version, view.fare) == (3, Decimal("20.00"))
    assert broken not in set_aside_bookings()
    append(broken, add("toll", "1.00"))
    drain()
    assert CurrentFare.objects.get(booking_id=broken).version == 4


def test_what_fails_again_stays_with_its_new_error(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drain()
    with monkeypatch.context() as patched:

        def fail(page: Page) -> None:
            raise ZeroDivisionError("of a test")

        patched.setattr(PROJECTOR, "apply", fail)
        with pytest.raises(ZeroDivisionError):
            set_aside.retry(PROJECTOR, broken)
    row = set_aside_bookings()[broken]
    assert (row.error, row.tries) == ("ZeroDivisionError: of a test", 2)
    assert CurrentFare.objects.get(booking_id=broken).version == 7


def test_a_booking_that_is_not_set_aside_cannot_be_retried() -> None:
    with pytest.raises(NotSetAside):
        set_aside.retry(PROJECTOR, given(set_("1.00")))


def test_a_drifted_booking_is_folded_anew() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    drain()
    with planted_drift(booking, "fare_minor = 1"):
        set_aside.fold_anew(PROJECTOR, booking)
        view = CurrentFare.objects.get(booking_id=booking)
        assert (view.version, view.fare) == (2, Decimal("19.00"))


def test_without_rows_of_bookings_there_is_no_folding_of_one() -> None:
    class Totals(CurrentFareProjector):
        by_booking = False

    with pytest.raises(CannotFoldOne):
        set_aside.fold_anew(Totals(), new_booking_id())


class Poisoned(CurrentFareProjector):
    """Fails on every page."""

    name = "poisoned_for_a_test"
    tables = ("current_fare",)
    error: Exception = OutOfStep("all of it")

    def apply(self, page: Page) -> None:
        raise self.error


@pytest.fixture
def poisoned() -> Iterator[Poisoned]:
    yield Poisoned()
    with connection.cursor() as cursor:
        for table in ("checkpoint", "set_aside"):
            cursor.execute(f'DELETE FROM "{LIVE}".{table} WHERE projection = %s', [Poisoned.name])


def test_a_projector_that_takes_nothing_sets_nothing_aside(poisoned: Poisoned) -> None:
    bookings = bookings_of_one_partition(set_aside.MOST + 1)
    for booking in bookings:
        given(set_("1.00"), booking_id=booking)
    with pytest.raises(OutOfStep):
        runner.drain(poisoned, [partition_of(bookings[0])])
    assert set_aside.of(poisoned.name) == []
    assert checkpoints.positions(poisoned.name).get(partition_of(bookings[0]), 0) == 0


def test_a_projector_that_fails_on_a_page_without_bookings_is_at_fault_itself(poisoned: Poisoned) -> None:
    booking = given(set_("1.00"))
    with pytest.raises(OutOfStep):
        set_aside.those_that_fail(poisoned, Page(partition_of(booking), 0, 0), poisoned.error)


def test_an_error_of_the_environment_sets_nothing_aside(poisoned: Poisoned) -> None:
    poisoned.error = ProgrammingError("a table is missing")
    booking = given(set_("1.00"))
    with pytest.raises(ProgrammingError):
        runner.drain(poisoned, [partition_of(booking)])
    assert set_aside.of(poisoned.name) == []


def test_installing_again_changes_nothing() -> None:
    booking = given(set_("1.00"))
    drain()
    before = checkpoints.positions(PROJECTOR.name)
    installation.ensure_installed()
    assert checkpoints.positions(PROJECTOR.name) == before
    assert CurrentFare.objects.filter(booking_id=booking).exists()
