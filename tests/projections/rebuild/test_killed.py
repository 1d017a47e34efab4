"""`kill -9` at any statement of a rebuild: the live view is whole all the time, and the next process goes on."""

from __future__ import annotations

import pytest

from events.partitions import partition_of
from projections import rebuild
from projections.models import Rebuild
from tests.builders import add, append, given, set_
from tests.faults import killed_at_each_step
from tests.projections.rebuild.views import (
    assert_everything_is_right,
    damage,
    drain,
    drift_of,
    is_as_the_ledger_says,
    ready_to_swap,
    rebuilt,
    row_of,
    table_id,
)

GO_ON = "tests.projections.rebuild.killed:go_on"
WRONG = "fare_minor = 1"
State = Rebuild.State

pytestmark = pytest.mark.timeout(3600)


@pytest.fixture
def drifted() -> str:
    """A booking whose fare in the view is wrong."""
    booking = given(set_("14.00"), add("toll", "5.00"))
    drain()
    damage(booking, WRONG)
    return booking


@pytest.fixture
def sound() -> str:
    booking = given(set_("14.00"))
    drain()
    return booking


@pytest.mark.parametrize(
    "every", [pytest.param(17, id="sampled"), pytest.param(1, id="all", marks=pytest.mark.long)]
)
def test_a_rebuild_of_one_partition_is_taken_up_from_every_statement(drifted: str, every: int) -> None:
    partition = partition_of(drifted)
    steps = [0]
    for step in killed_at_each_step(GO_ON, str(partition), every=every):
        steps.append(step)
        row = row_of(drifted)
        assert row is not None
        assert row["fare_minor"] in (1, 1900)
        run = rebuilt(partitions=[partition])
        assert (run.state, run.differences <= 1) == (State.DONE, True)
        assert is_as_the_ledger_says(drifted)
        damage(drifted, WRONG)
    assert steps[-1] > 60
    assert is_as_the_ledger_says(drifted)
    assert_everything_is_right()


@pytest.mark.parametrize(
    ("first", "every"),
    [pytest.param(40, 50, id="sampled"), pytest.param(1, 5, id="many", marks=pytest.mark.long)],
)
def test_a_whole_rebuild_gets_to_its_end_through_any_number_of_deaths(
    drifted: str, sound: str, first: int, every: int
) -> None:
    """Each process goes on where the last one died, while events come."""
    before = table_id()
    steps = []
    for step in killed_at_each_step(GO_ON, first=first, every=every):
        steps.append(step)
        assert is_as_the_ledger_says(sound)
        append(sound, add("toll", "1.00"))
        drain()
    assert len(steps) > 2
    assert table_id() != before
    assert is_as_the_ledger_says(drifted)
    assert_everything_is_right()


@pytest.mark.parametrize(
    "every", [pytest.param(9, id="sampled"), pytest.param(1, id="all", marks=pytest.mark.long)]
)
def test_a_swap_happens_whole_or_not_at_all(drifted: str, sound: str, every: int) -> None:
    run, before = ready_to_swap(), table_id()
    steps = [0]
    for step in killed_at_each_step(GO_ON, every=every):
        steps.append(step)
        swapped = rebuild.get(run.pk).state == State.DONE
        assert (table_id() != before) == swapped
        assert is_as_the_ledger_says(drifted) == swapped
        assert (drift_of(run, drifted).put_right_at is not None) == swapped
        assert is_as_the_ledger_says(sound)
        assert rebuilt().state == State.DONE
        assert is_as_the_ledger_says(drifted)
        damage(drifted, WRONG)
        run, before = ready_to_swap(), table_id()
    assert steps[-1] > 15
    assert is_as_the_ledger_says(drifted)
    assert_everything_is_right()
