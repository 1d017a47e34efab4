"""Repairs: every booking that was asked for is folded anew once, whoever does it and wherever they are killed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from uuid import uuid4

import pytest
from django.db import OperationalError

from events.partitions import partition_of
from projections import repairs, runner, set_aside, tasks
from projections.models import CurrentFare, Repair, RepairItem
from projections.projectors import projector
from projections.repairs import Place, UnknownRepair
from projections.repairs.running import MOST_TRIES
from tests.builders import add, given, new_booking_id, set_
from tests.projections.drift import planted_drift
from tests.threads import together

VIEW = projector("current_fare")
Kind, Outcome = Repair.Kind, RepairItem.Outcome


@pytest.fixture
def drifted() -> Iterator[str]:
    booking = given(set_("14.00"), add("toll", "5.00"))
    runner.drain(VIEW, [partition_of(booking)])
    with planted_drift(booking, "fare_minor = 2100, component_amounts = '{1400,700}'"):
        yield booking


def asked(*bookings: str, projection: str = VIEW.name, kind: Repair.Kind = Kind.PUT_RIGHT) -> Repair:
    return repairs.start(kind, [Place(projection, booking) for booking in bookings], requested_by="a test")


def outcomes(repair: Repair) -> dict[str, tuple[str, int]]:
    """Booking → what came of it, after how many tries."""
    return {item.booking_id: (item.outcome, item.tries) for item in repair.items.all()}


def fare_in_view(booking: str) -> int:
    return CurrentFare.objects.get(booking_id=booking).fare_minor


def test_each_booking_is_folded_anew_and_the_repair_ends(drifted: str) -> None:
    repair = repairs.run(asked(drifted, drifted).pk)
    assert fare_in_view(drifted) == 1900
    assert outcomes(repair) == {drifted: (Outcome.DONE, 1)}
    assert repair.finished_at is not None


def test_without_time_it_goes_on_later(drifted: str) -> None:
    repair = asked(drifted)
    assert repairs.run(repair.pk, seconds=0).finished_at is None
    assert fare_in_view(drifted) == 2100
    assert [each.pk for each in repairs.unfinished() if each.pk == repair.pk] == [repair.pk]
    assert repairs.run(repair.pk).finished_at is not None


def test_two_workers_at_once_do_no_harm(drifted: str) -> None:
    repair = asked(drifted, *(given(set_("3.00")) for _ in range(8)))
    together([partial(repairs.run, repair.pk)] * 2)
    assert {outcome for outcome, _tries in outcomes(repair).values()} == {Outcome.DONE}
    assert fare_in_view(drifted) == 1900


def test_one_that_fails_does_not_stop_the_others(drifted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = given(set_("1.00"))
    fold = VIEW.apply

    def apply(page: runner.Page) -> None:
        if failing in (page.bookings or ()):
            raise ZeroDivisionError("of a test")
        fold(page)

    monkeypatch.setattr(VIEW, "apply", apply)
    repair = repairs.run(asked(failing, drifted).pk)
    assert outcomes(repair) == {failing: (Outcome.FAILED, 1), drifted: (Outcome.DONE, 1)}
    assert "ZeroDivisionError: of a test" in {item.error for item in repair.items.all()}


def test_a_kill_between_two_bookings_loses_and_doubles_nothing(
    drifted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = given(set_("2.00"))
    repair = asked(first, drifted)

    class Killed(BaseException):
        pass

    def die(page: object) -> None:
        raise Killed

    repairs.run(asked(given(set_("2.00"))).pk)
    with monkeypatch.context() as patched:
        patched.setattr(VIEW, "apply", die)
        with pytest.raises(Killed):
            repairs.run(repair.pk)
    assert outcomes(repair) == {first: ("", 0), drifted: ("", 0)}
    assert outcomes(repairs.run(repair.pk)) == {first: (Outcome.DONE, 1), drifted: (Outcome.DONE, 1)}


def test_what_is_only_in_the_way_is_tried_again_after_the_others(
    drifted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold, refused = VIEW.apply, []

    def apply(page: runner.Page) -> None:
        if drifted in (page.bookings or ()) and not refused:
            refused.append(page)
            raise OperationalError("canceling statement due to lock timeout")
        fold(page)

    monkeypatch.setattr(VIEW, "apply", apply)
    other = given(set_("2.00"))
    assert outcomes(repairs.run(asked(drifted, other).pk)) == {
        drifted: (Outcome.DONE, 2),
        other: (Outcome.DONE, 1),
    }


def test_what_stays_in_the_way_ends_as_failed(drifted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(page: object) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(VIEW, "apply", wait)
    repair = repairs.run(asked(drifted).pk)
    assert outcomes(repair) == {drifted: (Outcome.FAILED, MOST_TRIES)}
    assert repair.finished_at is not None


def test_what_has_no_rows_of_single_bookings_is_left_to_a_rebuild() -> None:
    booking = new_booking_id()
    repair = repairs.run(asked(booking, projection="daily_totals").pk)
    assert outcomes(repair) == {booking: (Outcome.REBUILD_ONLY, 1)}


def test_a_retry_of_what_is_not_set_aside_does_nothing() -> None:
    booking = given(set_("2.00"))
    repair = repairs.run(asked(booking, kind=Kind.RETRY).pk)
    assert outcomes(repair) == {booking: (Outcome.NOTHING_TO_DO, 1)}


def test_of_a_projection_that_is_no_more_it_is_said() -> None:
    repair = repairs.run(asked("BK-1", projection="gone").pk)
    [item] = repair.items.all()
    assert (item.outcome, "there is no projection" in item.error) == (Outcome.FAILED, True)


def test_what_a_retry_takes_back_is_noted_in_the_same_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a kill in between would say "no longer set aside" of what it has taken back."""
    booking = given(set_("2.00"))
    repair = asked(booking, kind=Kind.RETRY)
    seen: list[bool] = []

    def look(view: object, id: str) -> None:
        from django.db import connection

        seen.append(connection.in_atomic_block)

    monkeypatch.setitem(repairs.running._WAYS, Kind.RETRY, look)
    repairs.run(repair.pk)
    assert seen == [True]


def test_nothing_and_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a booking"):
        repairs.start(Kind.RETRY, [], requested_by="a test")
    for unknown in (uuid4(), "x"):
        with pytest.raises(UnknownRepair):
            repairs.get(unknown)


def test_the_task_carries_it_out_and_more_arguments_do_no_harm(drifted: str) -> None:
    repair = asked(drifted)
    tasks.repair.apply(kwargs={"repair_id": str(repair.pk), "of_a_later_version": 1}, throw=True)
    assert outcomes(repair) == {drifted: (Outcome.DONE, 1)}


def test_the_sweep_takes_up_what_nobody_drives(drifted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    repair = asked(drifted)
    sent: list[dict[str, object]] = []
    monkeypatch.setattr(tasks.repair, "apply_async", lambda **message: sent.append(message))
    tasks.sweep.apply(throw=True)
    mine = [message for message in sent if message["kwargs"] == {"repair_id": str(repair.pk)}]
    assert [message["headers"] for message in mine] == [{"actor": "a test"}]
    repairs.run(repair.pk)


def test_repairs_wait_in_the_queue_of_long_work() -> None:
    from farehistory.celery import app

    assert app.amqp.router.route({}, "projections.repair")["queue"].name == "maintenance"


def test_one_that_was_set_aside_again_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The new error is kept where the retry fails in the transaction of its repair."""
    booking = given(set_("14.00"))
    runner.drain(VIEW, [partition_of(booking)])
    from tests.builders import append

    with planted_drift(booking, "version = 7, fare_minor = 1"):
        append(booking, add("toll", "5.00"))
        runner.drain(VIEW, [partition_of(booking)])

        def fail(page: object) -> None:
            raise ZeroDivisionError("of a test")

        with monkeypatch.context() as patched:
            patched.setattr(VIEW, "apply", fail)
            repairs.run(asked(booking, kind=Kind.RETRY).pk)
        [row] = [row for row in set_aside.of(VIEW.name) if row.booking_id == booking]
        assert (row.error, row.tries) == ("ZeroDivisionError: of a test", 2)
        repairs.run(asked(booking, kind=Kind.RETRY).pk)
    assert booking not in {row.booking_id for row in set_aside.of(VIEW.name)}
