"""A new version of a projector is shown, and swapped in only when that is accepted."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from events.partitions import partition_of
from projections import checkpoints, projectors, rebuild, runner
from projections.checkpoints import OtherVersion
from projections.models import Drift, DriftWalk, Rebuild
from projections.projector import NEXT
from projections.rebuild import CannotRebuild, RebuildUnderWay
from tests.builders import add, append, given, set_
from tests.projections.rebuild.views import (
    NAME,
    LaterVersion,
    assert_everything_is_right,
    drain,
    drift_of,
    rebuilt,
    row_of,
    running,
    table_id,
    tables_in,
)

State = Rebuild.State
LATER = LaterVersion()


@pytest.fixture(autouse=True)
def the_old_version_afterwards() -> Iterator[None]:
    yield
    left = rebuild.unfinished(NAME)
    if left is not None:
        rebuild.cancel(left.pk, "a test")
    rebuilt(accept=True)
    assert_everything_is_right()


@pytest.fixture
def odd() -> str:
    """A booking that the later version gives another row."""
    booking = given(set_("14.00"), add("odd", "5.00"))
    drain()
    return booking


def test_differences_wait_for_acceptance(odd: str, caplog: pytest.LogCaptureFixture) -> None:
    before = table_id()
    with running(LATER), caplog.at_level(logging.ERROR):
        run = rebuilt()
        assert (run.state, run.version) == (State.WAITING, LATER.version)
        assert run.differences >= 1
        assert table_id() == before
        assert "drift" not in caplog.text  # they are expected
        found = drift_of(run, odd)
        assert (found.stored["currency"], found.rebuilt["currency"]) == ("SGD", "sgd")
        assert (found.is_expected, found.first_version) == (True, None)
        assert rebuild.run(run.pk).state == State.WAITING

        append(odd, add("odd", "1.00"))  # events go on while it waits
        accepted = rebuild.run(rebuild.start(NAME, accept=True).pk)
        assert (accepted.pk, accepted.state) == (run.pk, State.DONE)
        row = row_of(odd)
        assert row is not None
        assert (row["currency"], row["seen"], row["version"]) == ("sgd", "new", 3)


def test_a_new_version_waits_even_where_no_row_differs() -> None:
    """A column that was added cannot be compared with anything."""
    with running(LATER):
        assert rebuilt().state == State.WAITING


def test_a_new_version_that_is_accepted_beforehand_is_swapped_in_at_once(odd: str) -> None:
    with running(LATER):
        run = rebuilt(accept=True)
        assert run.state == State.DONE
        assert drift_of(run, odd).is_expected
        append(odd, add("toll", "1.00"))
        runner.drain(LATER, [partition_of(odd)])
        row = row_of(odd)
        assert row is not None
        assert (row["version"], row["currency"]) == (3, "sgd")


def test_until_then_the_live_view_is_not_moved_by_the_new_code(odd: str) -> None:
    append(odd, add("toll", "1.00"))
    with running(LATER):
        with pytest.raises(OtherVersion):
            runner.drain(projectors.projector(NAME), [partition_of(odd)])
        rebuilt(accept=True)
        assert runner.lagging(LATER) == []
        row = row_of(odd)
        assert row is not None
        assert row["version"] == 3


def test_the_old_code_goes_on_moving_the_live_view_meanwhile(odd: str) -> None:
    """As in a deploy that is under way: both are compared at the checkpoint that the live view has then."""
    with running(LATER):
        run = rebuild.start(NAME)
        run = rebuild.run(run.pk)
    append(odd, add("toll", "1.00"))
    drain()
    with running(LATER):
        run = rebuild.run(rebuild.start(NAME, accept=True).pk)
        assert run.state == State.DONE
        row = row_of(odd)
        assert row is not None
        assert row["version"] == 3


def test_a_dry_run_of_a_new_version_shows_and_changes_nothing(odd: str) -> None:
    before = (table_id(), checkpoints.positions(NAME))
    with running(LATER):
        run = rebuilt(dry_run=True, accept=True)
    assert run.state == State.COMPARED
    assert drift_of(run, odd).is_expected
    assert (table_id(), checkpoints.positions(NAME)) == before
    assert tables_in(NEXT) == set()


def test_a_new_version_that_waits_can_be_cancelled(odd: str) -> None:
    with running(LATER):
        run = rebuilt()
    assert rebuild.cancel(run.pk, "a test").state == State.CANCELLED
    assert tables_in(NEXT) == set()
    assert Drift.objects.filter(rebuild=run).exists()


def test_a_new_version_is_not_swapped_in_by_parts() -> None:
    with running(LATER), pytest.raises(CannotRebuild, match="as a whole"):
        rebuild.start(NAME, partitions=[0, 1])


def test_another_versions_rebuild_is_left_to_who_runs_that_version() -> None:
    """While a version is deployed, or tried, workers of the other one must not end it."""
    with running(LATER):
        run = rebuild.start(NAME)
    with pytest.raises(RebuildUnderWay) as refused:
        rebuild.start(NAME)
    assert refused.value.rebuild.pk == run.pk
    assert LATER.version in str(refused.value)
    with pytest.raises(OtherVersion, match="this process runs 1"):
        rebuild.run(run.pk)
    with running(LATER):
        assert rebuild.run(run.pk).state == State.WAITING


def test_acceptance_that_comes_just_before_it_would_wait_counts(odd: str) -> None:
    accepted = []

    def accept_once(at: Rebuild) -> None:
        if at.state == State.COMPARING and not accepted:
            accepted.append(rebuild.start(NAME, accept=True))

    with running(LATER):
        run = rebuild.run(rebuild.start(NAME).pk, on_progress=accept_once)
    assert [each.pk for each in accepted] == [run.pk]
    assert run.state == State.DONE


def test_a_new_version_is_not_proven_by_its_own_rebuild(odd: str) -> None:
    DriftWalk.objects.filter(projection=NAME).delete()
    with running(LATER):
        assert rebuilt(accept=True).state == State.DONE
    assert not DriftWalk.objects.filter(projection=NAME, proven_at__isnull=False).exists()
