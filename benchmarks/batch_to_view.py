"""Appends by batches at full rate, as an import makes them, with a worker and beat that move all views beside.

One client appends a thousand events a call without a pause. How far each view is behind is looked at every few
milliseconds, and how long the last one takes to catch up once the last batch is in.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import Final

from benchmarks import harness
from benchmarks.harness import Bench
from benchmarks.report import Figure
from benchmarks.workload import BATCH, PER_BOOKING, Change, append_all, booking, booking_ids, fill
from events import feed, partitions, wakeup
from farehistory.demo import processes
from projections import checkpoints, runner
from projections.projectors import PROJECTORS

VIEWS: Final = [projector for projector in PROJECTORS if projector.tables and projector.live]
GIVEN_UP_AFTER: Final = 60.0  # seconds that the views may take to catch up
LOOK_EVERY: Final = 0.02  # seconds, once nothing is appended any more
ON_TIME: Final = 2.0  # seconds: a sweep's interval


def measure(bench: Bench) -> Iterator[Figure]:
    fill(harness.application(), bench.options.events)
    for view in VIEWS:
        runner.drain(view, feed.heads())
    bench.supervisor.start(processes.worker(), processes.beat())
    rounds = [_round(bench, number) for number in range(1, bench.options.rounds + 1)]
    yield Figure.of(
        "views caught up after the last batch", [caught for caught, _ in rounds], unit=" s", at_most=ON_TIME
    )
    yield Figure.of("time to catch up / time of appending", [share for _, share in rounds])


def _round(bench: Bench, number: int) -> tuple[float, float]:
    """Seconds until the last view had the last batch; the same as a share of the time of appending."""
    batches = _batches()
    seconds = bench.options.seconds * 5
    greatest, events = 0, 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        partition, changes = next(batches)
        append_all(harness.application(), changes, partition)
        wakeup.wake([partition])
        events += len(changes)
        greatest = max(greatest, *_behind().values())
    took = time.perf_counter() - began
    at_the_end = _behind()
    caught = _wait_until_caught_up()
    slowest = max(at_the_end, key=lambda name: at_the_end[name])
    bench.report.note(
        f"round {number}: {events / took:,.0f} events/s for {took:.1f} s; most behind at the end: {slowest}"
        f" by {at_the_end[slowest]:,} events, at most {greatest:,}; caught up after {caught:.2f} s"
    )
    return caught, caught / took


def _behind() -> dict[str, int]:
    """Events of the ledger that each view does not have yet."""
    events = sum(feed.heads().values())
    return {view.name: events - sum(checkpoints.positions(view.name).values()) for view in VIEWS}


def _wait_until_caught_up() -> float:
    began = time.perf_counter()
    while any(_behind().values()):
        if time.perf_counter() - began > GIVEN_UP_AFTER:
            raise TimeoutError(f"the views are still behind after {GIVEN_UP_AFTER:g} s: {_behind()}")
        time.sleep(LOOK_EVERY)
    return time.perf_counter() - began


def _batches() -> Iterator[tuple[int, list[Change]]]:
    """Whole bookings, a thousand events of one partition at a time, the partitions in turns."""
    number = 0
    while True:
        partition = number % partitions.count()
        ids = islice(booking_ids({partition}), BATCH // PER_BOOKING)
        yield partition, [change for booking_id in ids for change in booking(booking_id)]
        number += 1


def main(arguments: list[str] | None = None) -> None:
    harness.run(measure, harness.parser(__doc__, seconds=2, rounds=3, events=20_000).parse_args(arguments))


if __name__ == "__main__":
    main()
