"""A look leaves nothing behind, whether it comes to its end or is killed."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.conf import settings
from django.db import connection

from projections import drift
from projections.drift import bookings
from projections.models import Drift
from projections.projector import CHECK
from tests.faults import killed_at
from tests.projections.drift import planted_drift
from tests.projections.drift_monitor.helpers import VIEWS, drop_walks, open_drift, walk


def test_a_look_leaves_nothing_behind(booking: str) -> None:
    walk()
    assert_nothing_is_left_behind()


def assert_nothing_is_left_behind() -> None:
    with connection.cursor() as cursor:
        for table in (table for view in VIEWS for table in view.tables):
            cursor.execute(f'SELECT count(*) FROM "{CHECK}"."{table}"')
            assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((*range(3, 27, 4), 60, 100), id="some"),
        pytest.param(range(1, 41), id="each", marks=[pytest.mark.long, pytest.mark.timeout(600)]),
    ],
)
def test_a_tick_that_is_killed_leaves_nothing_behind_and_the_walk_goes_on(
    booking: str, steps: Iterable[int]
) -> None:
    """At the statements of the first looks; many more come after them."""
    drop_walks()
    with planted_drift(booking, "fare_minor = 1701"):
        assert killed(steps) == len([*steps])
        walk()
        assert Drift.objects.filter(booking_id=booking).count() == 1
    walk()
    assert open_drift(booking) == []


def killed(steps: Iterable[int]) -> int:
    """How many ticks died, each at one of these statements."""
    deaths = 0
    for _ in killed_at(steps, f"{__name__}:hurried_tick"):
        deaths += 1
        assert_nothing_is_left_behind()
    return deaths


def hurried_tick() -> None:
    """What the child does, about to die: a tick of as many looks as its time allows."""
    settings.FAREHISTORY_DRIFT_WALK_SECONDS = 1
    bookings.estimated = lambda view: 1_000_000  # type: ignore[assignment]
    drift.tick()
