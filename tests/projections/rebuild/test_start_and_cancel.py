"""At most one rebuild of a projection is under way; it is taken up again, waited for, or cancelled."""

from __future__ import annotations

from functools import partial

import pytest

from projections import projectors, rebuild, set_aside
from projections.models import Rebuild
from projections.projector import KEPT, NEXT
from projections.projectors import UnknownProjection
from projections.rebuild import RebuildUnderWay
from tests.builders import given, set_
from tests.projections.rebuild.views import (
    NAME,
    PROJECTOR,
    LaterVersion,
    assert_everything_is_right,
    bookings_of,
    drain,
    rebuilt,
    running,
    table_id,
    tables_in,
)
from tests.threads import together

State = Rebuild.State


def test_one_that_is_under_way_is_taken_up_again() -> None:
    run = rebuild.start(NAME, requested_by="ann", request_id="r-1")
    again = rebuild.start(NAME, requested_by="bob")
    assert again.pk == run.pk
    assert (again.requested_by, again.request_id) == ("ann", "r-1")
    assert rebuild.unfinished(NAME) == run


@pytest.mark.parametrize("other", [{"dry_run": True}, {"partitions": [0, 1]}])
def test_one_with_other_parameters_is_named(other: dict[str, object]) -> None:
    run = rebuild.start(NAME)
    with pytest.raises(RebuildUnderWay, match=str(run.pk)) as refused:
        rebuild.start(NAME, **other)  # type: ignore[arg-type]
    assert refused.value.rebuild == run
    assert rebuild.get(run.pk).state == State.BUILDING


def test_many_who_ask_at_once_get_the_same() -> None:
    runs = together([partial(rebuild.start, NAME)] * 4)
    assert len({run.pk for run in runs}) == 1


def test_an_unknown_projection_is_refused() -> None:
    with pytest.raises(UnknownProjection, match="there is no projection 'fares'"):
        rebuild.start("fares")


def test_two_drivers_at_once_do_no_harm() -> None:
    bookings = [given(set_("1.00")) for _ in range(20)]
    drain()
    run = rebuild.start(NAME)
    ended = together([partial(rebuild.run, run.pk)] * 3)
    assert {each.state for each in ended} == {State.DONE}
    assert rebuild.get(run.pk).differences == 0
    assert bookings
    assert_everything_is_right()


def test_a_cancelled_one_leaves_no_trace() -> None:
    before = table_id()
    run = rebuild.run(rebuild.start(NAME).pk, seconds=0)
    cancelled = rebuild.cancel(run.pk, "ann")
    assert cancelled.state == State.CANCELLED
    assert cancelled.finished_at is not None
    assert table_id() == before
    assert tables_in(NEXT) == set()
    assert rebuild.run(run.pk).state == State.CANCELLED
    assert_everything_is_right()


def test_a_driver_hears_of_a_cancellation_between_two_steps() -> None:
    run = rebuild.start(NAME)
    asked = []

    def cancel_once(at: Rebuild) -> None:
        if not asked:
            asked.append(at)
            Rebuild.objects.filter(pk=at.pk).update(cancel_requested_at=at.started_at)

    assert rebuild.run(run.pk, on_progress=cancel_once).state == State.CANCELLED
    assert asked
    assert_everything_is_right()


def test_a_driver_whose_tables_are_cleared_away_leaves_off_quietly() -> None:
    run = rebuild.start(NAME)
    ended = rebuild.run(run.pk, on_progress=lambda at: rebuild.cancel(at.pk, "ann") and None)
    assert (ended.state, ended.error) == (State.CANCELLED, "")
    assert_everything_is_right()


def test_after_a_cancellation_that_nobody_saw_another_can_be_begun() -> None:
    run = rebuild.start(NAME)
    Rebuild.objects.filter(pk=run.pk).update(cancel_requested_at=run.started_at)
    other = rebuild.start(NAME, dry_run=True)
    assert other.pk != run.pk
    assert rebuild.get(run.pk).state == State.CANCELLED


def test_what_has_ended_is_not_cancelled() -> None:
    run = rebuilt()
    assert rebuild.cancel(run.pk, "ann").state == State.DONE


def test_kept_tables_go_with_the_next_rebuild() -> None:
    rebuilt()
    assert tables_in(KEPT) == {"current_fare"}
    rebuild.start(NAME)
    assert tables_in(KEPT) == set()


def test_a_projector_that_fails_ends_it_as_failed(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(type(PROJECTOR)):  # type: ignore[misc]
        def apply(self, page: object) -> None:
            raise ZeroDivisionError("of a test")

    for booking in bookings_of(7, set_aside.MOST + 1):
        given(set_("1.00"), booking_id=booking)
    drain()
    before = table_id()
    with running(Failing()):
        run = rebuilt(partitions=[7])
    assert run.state == State.FAILED
    assert "ZeroDivisionError: of a test" in run.error
    assert "Traceback" in caplog.text
    assert table_id() == before
    assert tables_in(NEXT) == set()


def test_a_cancelled_rebuild_of_a_projection_that_is_no_more_ends_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = rebuild.start(NAME)
    with monkeypatch.context() as patch:
        patch.setattr(projectors, "PROJECTORS", ())
        assert rebuild.cancel(run.pk, "ann").state == State.CANCELLED
    rebuild.cancel(rebuild.start(NAME).pk, "ann")
    assert tables_in(NEXT) == set()


def test_a_later_version_takes_up_its_own(caplog: pytest.LogCaptureFixture) -> None:
    with running(LaterVersion()):
        run = rebuild.start(NAME)
        assert rebuild.start(NAME).pk == run.pk
        rebuild.cancel(run.pk, "ann")
