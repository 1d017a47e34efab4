"""A rebuild of the same version changes nothing but what had drifted."""

from __future__ import annotations

import logging

import pytest
from django.db import connection

from events.partitions import partition_of
from projections import checkpoints, control, findings, projectors, rebuild, runner, set_aside
from projections.models import Drift, Rebuild
from projections.projector import KEPT, LIVE
from projections.rebuild import CannotRebuild, UnknownRebuild
from tests.builders import add, append, given, new_booking_id, set_
from tests.projections.rebuild.views import (
    NAME,
    PROJECTOR,
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


@pytest.mark.parametrize("name", [each.name for each in projectors.PROJECTORS if each.tables])
def test_a_rebuild_equals_the_live_view(name: str, booking: str) -> None:
    projector = projectors.projector(name)
    runner.drain(projector, runner.lagging(projector))
    run = rebuilt(name)
    assert (run.state, run.differences, run.error) == (State.DONE, 0, "")
    assert run.swap_ms is not None
    assert run.finished_at is not None
    assert runner.lagging(projector) == []


def test_the_rebuilt_tables_take_the_place_of_the_live_ones_which_are_kept(booking: str) -> None:
    before = table_id()
    rebuilt()
    assert table_id() != before
    assert table_id(KEPT) == before
    rebuilt()
    assert table_id(KEPT) != before
    assert_everything_is_right()


def test_events_go_on_from_the_rebuilt_view(booking: str) -> None:
    rebuilt()
    append(booking, add("toll", "1.00"))
    drain()
    assert is_as_the_ledger_says(booking)
    assert_everything_is_right()


def test_indexes_and_names_are_as_they_were(booking: str) -> None:
    def names() -> list[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %s AND tablename = %s ORDER BY 1",
                [LIVE, "current_fare"],
            )
            return cursor.fetchall()

    before = names()
    rebuilt()
    assert names() == before


def test_drift_is_listed_with_both_values_and_the_first_version_that_differs(
    booking: str, caplog: pytest.LogCaptureFixture
) -> None:
    damage(booking, "fare_minor = 1701")
    with caplog.at_level(logging.ERROR):
        run = rebuilt()
    found = drift_of(run, booking)
    assert found.stored["fare_minor"] == 1701
    assert found.rebuilt["fare_minor"] == 1700
    assert found.key == {"partition": partition_of(booking), "booking_id": booking}
    assert (found.table, found.partition, found.first_version) == ("current_fare", partition_of(booking), 1)
    assert not found.is_expected
    assert run.differences == 1
    assert f"{booking} from version 1 on: stored" in caplog.text


def test_drift_is_put_right_by_the_swap(booking: str) -> None:
    damage(booking, "fare_minor = 1701")
    before = control.generation(NAME)
    run = rebuilt()
    assert is_as_the_ledger_says(booking)
    assert drift_of(run, booking).put_right_at is not None
    assert control.generation(NAME) > before
    assert_everything_is_right()


def test_a_row_that_is_missing_and_one_too_many_are_drift(booking: str) -> None:
    other = new_booking_id()
    forget(booking)
    append(given(set_("1.00")), add("toll", "1.00"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {LIVE}.current_fare VALUES (%s, %s, 1, 100, 'SGD', 2, '{{base_fare}}', '{{100}}',"
            " now(), now(), now())",
            [partition_of(other), other],
        )
    run = rebuilt()
    assert drift_of(run, booking).stored is None
    assert drift_of(run, booking).rebuilt is not None
    assert drift_of(run, other).rebuilt is None
    assert row_of(other) is None
    assert_everything_is_right()


def test_a_row_that_is_behind_differs_from_the_version_that_it_lacks(booking: str) -> None:
    stale = row_of(booking)
    assert stale is not None
    append(booking, add("toll", "3.00"))
    drain()
    damage(
        booking,
        f"version = 3, fare_minor = 1700, component_amounts = '{{1400,500,-200}}',"
        f" last_recorded_at = '{stale['last_recorded_at']}', last_occurred_at = '{stale['last_occurred_at']}'",
    )
    run = rebuilt()
    assert drift_of(run, booking).first_version == 4
    assert_everything_is_right()


def test_a_dry_run_shows_and_changes_nothing(booking: str) -> None:
    damage(booking, "fare_minor = 1701")
    before = (table_id(), checkpoints.positions(NAME), control.generation(NAME))
    run = rebuilt(dry_run=True)
    assert (run.state, run.differences) == (State.COMPARED, 1)
    assert drift_of(run, booking).put_right_at is None
    assert (table_id(), checkpoints.positions(NAME), control.generation(NAME)) == before
    row = row_of(booking)
    assert row is not None
    assert row["fare_minor"] == 1701
    rebuilt()
    assert drift_of(run, booking).put_right_at is not None
    assert_everything_is_right()


def test_what_is_set_aside_is_no_drift_and_is_taken_back_in(booking: str) -> None:
    damage(booking, "version = 7")
    append(booking, add("toll", "1.00"))
    drain()
    assert booking in {each.booking_id for each in set_aside.of(NAME)}
    run = rebuilt()
    assert not Drift.objects.filter(rebuild=run, booking_id=booking).exists()
    assert booking not in {each.booking_id for each in set_aside.of(NAME)}
    assert is_as_the_ledger_says(booking)
    assert_everything_is_right()


def test_after_a_restore_that_lost_events_a_rebuild_heals_the_view(booking: str) -> None:
    """The view was computed from an epoch that is no more: it cannot be compared, which is said."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {LIVE}.checkpoint SET epoch = 99 WHERE projection = %s", [NAME])
    damage(booking, "fare_minor = 1701")
    run = rebuilt()
    assert run.state == State.DONE
    assert "another ledger or epoch" in run.error
    assert is_as_the_ledger_says(booking)
    assert_everything_is_right()


def test_a_live_view_whose_tables_are_gone_is_made_anew(booking: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {LIVE}.current_fare")
    run = rebuilt()
    assert run.state == State.DONE
    assert "not compared" in run.error
    assert_everything_is_right()


def test_one_booking_is_put_right_without_a_rebuild(booking: str) -> None:
    damage(booking, "fare_minor = 1701")
    run = rebuilt(dry_run=True)
    rebuild.repair_booking(PROJECTOR, booking)
    assert is_as_the_ledger_says(booking)
    assert drift_of(run, booking).put_right_at is not None


def test_a_consumer_without_tables_cannot_be_rebuilt() -> None:
    for consumer in projectors.PROJECTORS:
        if not consumer.tables:
            with pytest.raises(CannotRebuild, match="replay"):
                rebuild.start(consumer.name)


def test_a_rebuild_that_is_not_there_is_refused() -> None:
    for unknown in ("x", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(UnknownRebuild):
            rebuild.run(unknown)


def test_its_progress_can_be_read_at_any_time(booking: str) -> None:
    seen = []
    run = rebuild.start(NAME)
    nothing = rebuild.progress(run)
    assert (nothing.events_done, nothing.rate, nothing.eta_seconds) == (0, None, None)
    assert nothing.events_total == run.events > 0
    run = rebuild.run(run.pk, on_progress=lambda at: seen.append(rebuild.progress(at)))
    done = [each.events_done for each in seen]
    assert done == sorted(done)
    assert {each.state for each in seen} >= {State.BUILDING, State.COMPARING}
    assert max(each.partitions_compared for each in seen) > 0
    assert rebuild.progress(run).percent == 100


def test_steps_can_be_taken_by_turns(booking: str) -> None:
    run = rebuild.start(NAME)
    turns = 0
    while not run.finished:
        run = rebuild.run(run.pk, seconds=0.02)
        turns += 1
    assert run.state == State.DONE
    assert turns > 1
    assert_everything_is_right()


def open_drift_of(booking: str) -> list[Drift]:
    return list(findings.drift().filter(booking_id=booking))


def test_drift_that_is_found_again_is_open_once_and_listed_by_each_run(booking: str) -> None:
    damage(booking, "fare_minor = 1701")
    first = rebuilt(dry_run=True)
    damage(booking, "fare_minor = 1702")
    second = rebuilt(dry_run=True)
    assert (first.differences, second.differences) == (1, 1)
    assert drift_of(first, booking).stored["fare_minor"] == 1701
    assert open_drift_of(booking) == [drift_of(second, booking)]

    rebuilt()
    assert open_drift_of(booking) == []
    assert drift_of(first, booking).put_right_at is not None
    assert findings.drift(is_open=False).filter(booking_id=booking).count() == 1


def test_other_rows_stay_open_when_one_is_found_again(booking: str) -> None:
    (other,) = bookings_of(partition_of(booking), 1)
    given(set_("14.00"), booking_id=other)
    drain()
    damage(booking, "fare_minor = 1701")
    damage(other, "fare_minor = 1")
    rebuilt(dry_run=True)
    rebuild.repair_booking(PROJECTOR, booking)
    found = drift_of(rebuilt(dry_run=True), other)
    assert (open_drift_of(booking), open_drift_of(other)) == ([], [found])
    rebuilt()
    assert_everything_is_right()
