"""A thousand events in one call, against a COPY of the same rows and against one call per event.

Each batch is appended, read back as text and copied into a table with the same constraints and indexes, by one
client. What is timed is the database call and the client library's part in it, not the making of the events.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from typing import Any

import psycopg

from benchmarks import harness, tables
from benchmarks.harness import Bench
from benchmarks.report import Figure
from benchmarks.workload import BATCH, PER_BOOKING, Change, append_all, booking, booking_ids, fill, row
from events import feed, partitions

SOME = 200  # events of a batch that are appended one by one
COPIED_FROM = 1_000_000_000  # positions that no append comes near
_position = count()


class Clock:
    """Seconds spent in the timed calls, and events that they wrote."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.events = 0

    def time(self, events: int, call: Callable[..., None], *arguments: Any) -> None:
        began = time.perf_counter()
        call(*arguments)
        self.seconds += time.perf_counter() - began
        self.events += events

    @property
    def rate(self) -> float:
        return self.events / self.seconds


def measure(bench: Bench) -> Iterator[Figure]:
    connection = harness.application()
    fill(connection, bench.options.events)
    with bench.superuser() as superuser:
        tables.make_bare(superuser, with_rows=True)
        bench.report.note(
            f"rows in either table at the start: {tables.rows_in(superuser, 'ledger.fare_event'):,}"
        )
    batches = _batches()
    rounds = [_round(connection, batches, bench.options.seconds) for _ in range(bench.options.rounds)]
    names = (
        "append, 1,000 a call",
        "COPY, 1,000 a call",
        "COPY of Python values, 1,000 a call",
        "append, one by one",
    )
    for name, clocks in zip(names, zip(*rounds, strict=True), strict=True):
        bench.report.note(f"{name:<40} {sorted(c.rate for c in clocks)[len(clocks) // 2]:>9,.0f} events/s")
    yield Figure.of("append / COPY", [a.rate / c.rate for a, c, _, _ in rounds], at_least=0.30)
    yield Figure.of("append / COPY of Python values", [a.rate / c.rate for a, _, c, _ in rounds])
    yield Figure.of("append / one by one", [a.rate / o.rate for a, _, _, o in rounds], at_least=6)


def _round(
    connection: psycopg.Connection[Any], batches: Iterator[tuple[int, list[Change]]], seconds: float
) -> tuple[Clock, Clock, Clock, Clock]:
    """Takes the four in turns, batch by batch, until they have used their time together."""
    clocks = append, copy, values, one_by_one = Clock(), Clock(), Clock(), Clock()
    while sum(clock.seconds for clock in clocks) < seconds * len(clocks):
        partition, changes = next(batches)
        head = feed.head(partition)
        append.time(BATCH, append_all, connection, changes, partition)
        log = range(partition, partition + 1)
        text = list(tables.copy_out(connection, partitions=log, after=head))
        copy.time(BATCH, tables.copy_in, connection, text)

        partition, changes = next(batches)
        rows = [row(change, COPIED_FROM + next(_position), partition) for change in changes]
        values.time(BATCH, _copy_values, connection, rows)
        some = changes[:SOME]
        one_by_one.time(SOME, _append_each, connection, some, partition)
    return clocks


def _copy_values(connection: psycopg.Connection[Any], rows: list[list[Any]]) -> None:
    with connection.cursor().copy(tables.copy_statement()) as copy:
        for values in rows:
            copy.write_row(values)


def _append_each(connection: psycopg.Connection[Any], changes: list[Change], partition: int) -> None:
    for change in changes:
        append_all(connection, [change], partition)


def _batches() -> Iterator[tuple[int, list[Change]]]:
    """Whole bookings, a thousand events of one partition at a time; the next batch is of the next one."""
    for number in count():
        partition = number % partitions.count()
        ids = islice(booking_ids({partition}), BATCH // PER_BOOKING)
        yield partition, [change for booking_id in ids for change in booking(booking_id)]


def main(arguments: list[str] | None = None) -> None:
    harness.run(measure, harness.parser(__doc__).parse_args(arguments))


if __name__ == "__main__":
    main()
