"""A rebuild of some partitions puts right the rows that differ there, and leaves everything else alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from events.partitions import partition_of
from projections import control, rebuild, set_aside
from projections.models import Rebuild
from projections.rebuild import CannotRebuild, comparing, mending
from tests.builders import add, append, given, new_booking_id, set_
from tests.projections.rebuild.views import (
    NAME,
    assert_everything_is_right,
    bookings_of,
    damage,
    drain,
    drift_of,
    forget,
    is_as_the_ledger_says,
    rebuilt,
    row_of,
    table_id,
)

State = Rebuild.State


@pytest.fixture
def elsewhere(booking: str) -> Iterator[str]:
    other = next(b for b in iter(new_booking_id, None) if partition_of(b) != partition_of(booking))
    given(set_("14.00"), booking_id=other)
    drain()
    yield other
    rebuilt()
    assert_everything_is_right()


def test_only_the_rows_of_these_partitions_are_put_right(booking: str, elsewhere: str) -> None:
    damage(booking, "fare_minor = 1")
    damage(elsewhere, "fare_minor = 1")
    before, generation = table_id(), control.generation(NAME)
    run = rebuilt(partitions=[partition_of(booking)])
    assert (run.state, run.differences, run.swap_ms) == (State.DONE, 1, None)
    assert is_as_the_ledger_says(booking)
    assert drift_of(run, booking).put_right_at is not None
    assert not is_as_the_ledger_says(elsewhere)
    assert table_id() == before
    assert control.generation(NAME) > generation


def test_missing_rows_come_back_and_rows_too_many_go(booking: str) -> None:
    (stray,) = bookings_of(partition_of(booking), 1)
    damage(booking, f"booking_id = '{stray}'")
    rebuilt(partitions=[partition_of(booking)])
    assert is_as_the_ledger_says(booking)
    assert row_of(stray) is None
    assert_everything_is_right()


def test_what_was_set_aside_there_is_taken_back_in(booking: str) -> None:
    damage(booking, "version = 7")
    append(booking, add("toll", "1.00"))
    drain()
    assert booking in {each.booking_id for each in set_aside.of(NAME)}
    run = rebuilt(partitions=[partition_of(booking)])
    assert run.differences == 0
    assert booking not in {each.booking_id for each in set_aside.of(NAME)}
    assert_everything_is_right()


def test_more_than_one_list_of_rows_is_put_right_too(booking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (comparing, mending):
        monkeypatch.setattr(module, "LISTED", 2)
    bookings = [given(set_("3.00"), booking_id=each) for each in bookings_of(partition_of(booking), 5)]
    drain()
    for each in bookings:
        forget(each)
    run = rebuilt(partitions=[partition_of(booking)])
    assert (run.state, run.differences) == (State.DONE, 5)
    assert_everything_is_right()


def test_a_dry_run_changes_nothing_there(booking: str) -> None:
    damage(booking, "fare_minor = 1")
    run = rebuilt(partitions=[partition_of(booking)], dry_run=True)
    assert (run.state, run.differences) == (State.COMPARED, 1)
    assert not is_as_the_ledger_says(booking)
    rebuilt(partitions=[partition_of(booking)])
    assert_everything_is_right()


def test_where_nothing_differs_nothing_is_changed(booking: str) -> None:
    generation = control.generation(NAME)
    run = rebuilt(partitions=[partition_of(booking)])
    assert (run.state, run.differences) == (State.DONE, 0)
    assert control.generation(NAME) == generation


@pytest.mark.parametrize(("partitions", "said"), [([], "no partition"), ([256], "256"), ([-1], "-1")])
def test_partitions_that_are_not_there_are_refused(partitions: list[int], said: str) -> None:
    with pytest.raises(CannotRebuild, match=said):
        rebuild.start(NAME, partitions=partitions)
