"""The relay's process is killed at every step; every event is in the stream once, in order."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from events import feed
from projections import checkpoints
from tests.faults import killed_at_each_step
from tests.projections.streams.helpers import booking_with, held, lose_the_streams, more, sweep


@pytest.mark.timeout(300)
@pytest.mark.parametrize("flushed", [False, True], ids=["", "after a flush"])
def test_killed_at_any_step_nothing_is_lost_doubled_or_out_of_order(
    flushed: bool, settings: Settings
) -> None:
    settings.FAREHISTORY_STREAM_KEEP = 4
    sweep()
    booking, partition = booking_with(3)
    deaths = sent_and_not_committed = 0
    work = "tests.projections.streams.killed:run"
    for _ in killed_at_each_step(work, str(partition), "4", every=4 if flushed else 1):
        deaths += 1
        assert_in_order(held(partition))
        sent_and_not_committed += held(partition)[-1:] > [checkpoints.positions("fare_stream")[partition]]
        sweep()
        assert_in_order(held(partition), upto=feed.head(partition))
        more(booking, 3)
        if flushed:
            lose_the_streams()
    assert deaths > 4
    assert flushed or sent_and_not_committed > 0
    assert_in_order(held(partition), upto=feed.head(partition))
    assert checkpoints.positions("fare_stream")[partition] == feed.head(partition)


def assert_in_order(positions: list[int], *, upto: int | None = None) -> None:
    """No gap and nothing twice; if it is to have got somewhere, with all that is kept."""
    assert positions == list(range(positions[0], positions[-1] + 1)) if positions else True
    if upto is not None:
        assert positions[-1] == upto
        assert len(positions) >= min(4, upto)
