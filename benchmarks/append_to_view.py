"""From an append's reply to the view: at half the highest rate, with a worker and beat at work.

The highest rate is that of clients that append one event after the other without a pause, by `events.ledger`
with its wake-ups, while worker and beat run. Then each client keeps to its share of half of it, whatever the
replies take. An event is in the view once the checkpoint of its partition is at its position, which is looked
at every few milliseconds.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median
from typing import Any

import psycopg
from django.db import connections

from benchmarks import harness
from benchmarks.clients import Call, Case, Run, told
from benchmarks.clients import measure as run_case
from benchmarks.harness import Bench
from benchmarks.report import Figure
from benchmarks.workload import Change, bookings, fill
from events import feed, ledger
from events.metadata import Metadata
from events.new_event import NewEvent
from farehistory.demo import processes
from projections import checkpoints, runner
from projections.projectors.current_fare import CurrentFareProjector

CLIENTS = 4
LOOK_EVERY = 0.01  # seconds
GIVEN_UP_AFTER = 60.0  # seconds that the view may take to catch up

Sample = tuple[int, int, float]
"""An event's partition and position, and when its append had replied (monotonic seconds)."""


class Seen:
    """When each partition's checkpoint was first seen at or beyond a position."""

    def __init__(self) -> None:
        self._positions: dict[int, list[int]] = defaultdict(list)
        self._times: dict[int, list[float]] = defaultdict(list)

    def look(self) -> None:
        positions = checkpoints.positions(CurrentFareProjector.name)
        now = time.monotonic()
        for partition, position in positions.items():
            known = self._positions[partition]
            if not known or known[-1] < position:
                known.append(position)
                self._times[partition].append(now)

    def time_of(self, partition: int, position: int) -> float | None:
        """None if it was not seen there yet."""
        at = bisect_left(self._positions[partition], position)
        times = self._times[partition]
        return times[at] if at < len(times) else None


def measure(bench: Bench) -> Iterator[Figure]:
    fill(harness.application(), bench.options.events)
    runner.drain(CurrentFareProjector(), feed.heads())
    bench.supervisor.start(processes.worker(), processes.beat())
    highest = run_case(Case(appending, CLIENTS), bench.options.seconds)
    bench.report.note(told("events.ledger.append, worker and beat running", [highest]))
    _wait_until_caught_up()
    for number in range(bench.options.rounds):
        yield from _paced_round(bench, highest, number + 1)


def appending(connection: psycopg.Connection[Any], number: int) -> Call:
    changes = bookings()

    def call() -> bool:
        ledger.append(new_event(next(changes)), source="pricing")
        return True

    return call


def _paced_round(bench: Bench, highest: Run, number: int) -> Iterator[Figure]:
    seconds = bench.options.seconds * 3
    seen = Seen()
    connections.close_all()
    with ProcessPoolExecutor(CLIENTS, mp_context=get_context("fork")) as pool:
        asked = [pool.submit(paced, CLIENTS / (highest.rate / 2), seconds) for _ in range(CLIENTS)]
        samples = _look_while(asked, seen)
        unseen = sum(seen.time_of(*sample[:2]) is None for sample in samples)
        _wait_until_caught_up()
        seen.look()
    delays = _delays(samples, seen)
    third = len(delays) // 3
    bench.report.note(
        f"round {number}: {len(delays) / seconds:,.0f} appends/s for {seconds:g} s, median delay in its first third "
        f"{median(delays[:third]) * 1e3:.0f} ms, in its last {median(delays[-third:]) * 1e3:.0f} ms"
    )
    delays.sort()
    p50, p99 = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    yield Figure.of(f"append to view, p50, round {number}", [p50 * 1e3], unit=" ms")
    yield Figure.of(f"append to view, p99, round {number}", [p99 * 1e3], unit=" ms", at_most=1000)
    yield Figure.of(f"events not in the view 1 s after the end, round {number}", [unseen], at_most=0)


def paced(interval: float, seconds: float) -> list[Sample]:
    """Appends one event every `interval` seconds; stays a second longer, for its wake-ups to be sent."""
    changes = bookings()
    samples = []
    due = time.monotonic()
    end = due + seconds
    while due < end:
        time.sleep(max(0.0, due - time.monotonic()))
        event = ledger.append(new_event(next(changes)), source="pricing").event
        samples.append((event.partition, event.position, time.monotonic()))
        due += interval
    time.sleep(1)
    return samples


def _look_while(asked: list[Future[list[Sample]]], seen: Seen) -> list[Sample]:
    while not all(future.done() for future in asked):
        seen.look()
        time.sleep(LOOK_EVERY)
    return [sample for future in asked for sample in future.result()]


def _delays(samples: list[Sample], seen: Seen) -> list[float]:
    """Seconds from reply to view, in the order of the replies."""
    delays = []
    for partition, position, replied in sorted(samples, key=lambda sample: sample[2]):
        at = seen.time_of(partition, position)
        if at is None:
            raise RuntimeError(f"position {position} of partition {partition} was never seen in the view")
        delays.append(max(0.0, at - replied))
    return delays


def _wait_until_caught_up() -> None:
    deadline = time.monotonic() + GIVEN_UP_AFTER
    while runner.lagging(CurrentFareProjector()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the view is still behind after {GIVEN_UP_AFTER:g} s")
        time.sleep(LOOK_EVERY)


def new_event(change: Change) -> NewEvent:
    return NewEvent(
        booking_id=change.booking_id,
        transaction_id=change.transaction_id,
        expected_version=change.version - 1,
        type=change.type,
        component=change.component,
        amount=change.decimal,
        currency="SGD",
        metadata=Metadata(change.metadata),
    )


def main(arguments: list[str] | None = None) -> None:
    options = harness.parser(__doc__, seconds=5, rounds=2, events=20_000).parse_args(arguments)
    harness.run(measure, options)


if __name__ == "__main__":
    main()
