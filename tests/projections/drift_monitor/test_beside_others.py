"""Beside appends, workers, rebuilds and other monitors a look sees one state, and nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count

import pytest
from django.db import connections, transaction
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from events.partitions import partition_of
from projections import drift, rebuild, runner
from projections.drift import walks
from projections.drift.snapshot import Busy, snapshot
from projections.models import Drift, Rebuild
from tests.builders import add, append, connected, given, set_
from tests.projections.drift import planted_drift
from tests.projections.drift_monitor.helpers import FARES, TOTALS, drain, drop_walks, open_drift, walk
from tests.threads import together


def test_no_false_alarm_while_events_are_appended_and_the_views_move() -> None:
    """Appends, two workers and two monitors, for seconds at the rate that this machine can make."""
    drain()
    begin = time.monotonic()
    some = [given(set_("1.00")) for _ in range(40)]
    ticks: list[drift.Tick] = []

    def checked() -> int:
        return sum(done.checked["current_fare"] for done in ticks)

    def over() -> bool:
        return time.monotonic() > begin + (2 if len(ticks) > 3 and checked() > 40 else 60)

    def until_the_end(work: Callable[[int], object]) -> None:
        for times in count():
            if over():
                return
            work(times)

    def change(place: int) -> None:
        append(some[place % len(some)], add("toll", "1.00", metadata={"order_id": f"O-{place}"}))
        given(set_("2.00"))

    together(
        [
            partial(until_the_end, change),
            partial(until_the_end, lambda _: drain()),
            partial(until_the_end, lambda _: drain()),
            partial(until_the_end, lambda _: ticks.append(drift.tick())),
            partial(until_the_end, lambda _: ticks.append(drift.tick())),
        ]
    )
    drain()
    assert len(ticks) > 3
    assert checked() > 40
    assert [done.drift for done in ticks if done.drift] == []


def test_no_false_alarm_while_views_are_rebuilt_and_swapped() -> None:
    """A look is at the tables before the swap or at those after it, never at both."""
    drain()
    ticks: list[drift.Tick] = []
    swapped = threading.Event()

    def look() -> None:
        while not swapped.is_set():
            ticks.append(drift.tick())

    def swap() -> None:
        try:
            for name in ("daily_totals", "current_fare") * 3:
                given(set_("1.00"), add("toll", "1.00"))
                run = rebuild.run(rebuild.start(name).pk)
                assert (run.state, run.differences) == (Rebuild.State.DONE, 0)
        finally:
            swapped.set()

    together([look, look, swap])
    drain()
    assert len(ticks) > 3
    assert [done.drift for done in ticks if done.drift] == []


def test_two_ticks_at_once_do_no_harm(booking: str) -> None:
    drop_walks()
    with planted_drift(booking, "fare_minor = 1701"):
        deadline = time.monotonic() + 30
        while not open_drift(booking) and time.monotonic() < deadline:
            together([drift.tick] * 3)
        together([drift.tick] * 3)
        assert Drift.objects.filter(booking_id=booking).count() == 1
    walk()


def test_a_partition_that_somebody_looks_at_is_left_to_him(booking: str) -> None:
    walks.of(FARES, timezone.now())
    partition = partition_of(booking)
    with held(partition), pytest.raises(Busy), snapshot(FARES, partition):
        raise AssertionError("the look began")


@contextmanager
def held(partition: int) -> Iterator[None]:
    """Another process's look, for as long as the test wants."""
    looking, over = threading.Event(), threading.Event()

    def look() -> None:
        with snapshot(FARES, partition):
            looking.set()
            over.wait(timeout=30)
        connections.close_all()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        assert looking.wait(timeout=30)
        yield
    finally:
        over.set()
        thread.join()


def test_no_swap_comes_between_the_snapshot_and_its_tables(booking: str) -> None:
    """The names would be those of tables that the snapshot does not see the rows of."""
    walks.of(TOTALS, timezone.now())
    with snapshot(TOTALS, partition_of(booking)), connected("default") as swapping, swapping.transaction():
        swapping.execute("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(LockNotAvailable):
            swapping.execute("LOCK TABLE projection.daily_totals IN ACCESS EXCLUSIVE MODE")


def test_no_worker_waits_for_a_look(booking: str) -> None:
    append(booking, add("toll", "1.00"))
    with held(partition_of(booking)):
        drain()
        assert runner.lagging(FARES) == []


def test_a_tick_inside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        drift.tick()
