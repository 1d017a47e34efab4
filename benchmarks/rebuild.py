"""A rebuild of the current fares, from start to swap, against a COPY of the same events: at rest, and under appends.

The COPY goes into a table like the ledger's, and into one without constraints and indexes. Under appends: a client
appends one event after the other without a pause, and worker and beat move all views; the time is set against the
COPY at rest.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from statistics import median
from typing import IO, Any

import psycopg
from django.db import connections

from benchmarks import harness, tables
from benchmarks.harness import Bench
from benchmarks.report import Figure
from benchmarks.workload import append_all, bookings, fill
from events import feed
from events.partitions import partition_of
from farehistory.demo import processes
from projections import rebuild, runner
from projections.models import Rebuild
from projections.projectors import projector

NAME = "current_fare"
BLOCK = 1 << 20
READY_WITHIN = 60.0  # seconds


def measure(bench: Bench) -> Iterator[Figure]:
    fill(harness.application(), bench.options.events, spread=True)
    runner.drain(projector(NAME), feed.heads())
    with bench.superuser() as superuser, tempfile.TemporaryFile() as file:
        tables.make_bare(superuser)
        for block in tables.copy_out(superuser):
            file.write(block)
        events = tables.rows_in(superuser, "ledger.fare_event")
        rows = tables.rows_in(superuser, "projection.current_fare")
        at_rest = [_round(superuser, file) for _ in range(bench.options.rounds)]
        copy = median(copied for _, copied, _ in at_rest)
        rate = events / median(rebuilt.seconds for rebuilt, _, _ in at_rest)
        bench.report.note(
            f"{events:,} events of {rows:,} bookings; rebuilt at {rate:,.0f}, copied at {events / copy:,.0f}/s"
        )
        yield Figure.of("rebuild / COPY, time, at rest", [r.seconds / c for r, c, _ in at_rest], at_most=0.6)
        yield Figure.of(
            "rebuild / COPY without constraints and indexes, time, at rest",
            [r.seconds / p for r, _, p in at_rest],
        )
        yield from _swaps("at rest", [rebuilt for rebuilt, _, _ in at_rest])
        yield from _under_appends(bench, superuser, copy)


def _under_appends(bench: Bench, superuser: psycopg.Connection[Any], copy: float) -> Iterator[Figure]:
    bench.supervisor.start(processes.worker(), processes.beat())
    before = sum(feed.heads().values())
    began = time.perf_counter()
    with appending():
        rebuilt = [_rebuild() for _ in range(bench.options.rounds)]
        seconds = time.perf_counter() - began
    appended = sum(feed.heads().values()) - before
    bench.report.note(f"under {appended / seconds:,.0f} appends/s, {appended:,} in all")
    yield Figure.of(
        "rebuild under appends / COPY at rest, time", [r.seconds / copy for r in rebuilt], at_most=1.0
    )
    yield from _swaps("under appends", rebuilt)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One rebuild that was swapped in: seconds in all, and the milliseconds for which readers could have waited."""

    seconds: float
    swap_ms: float


def _rebuild() -> Rebuilt:
    began = time.perf_counter()
    done = rebuild.run(rebuild.start(NAME, requested_by="a benchmark").pk)
    seconds = time.perf_counter() - began
    if done.state != Rebuild.State.DONE or done.differences or done.swap_ms is None:
        raise RuntimeError(f"the rebuild {done.state} with {done.differences} differences: {done.error}")
    return Rebuilt(seconds, done.swap_ms)


def _round(superuser: psycopg.Connection[Any], file: IO[bytes]) -> tuple[Rebuilt, float, float]:
    """A rebuild, and the seconds of a COPY into either table."""
    tables.empty(superuser)
    tables.settle(superuser)
    return _rebuild(), _copy(superuser, file, tables.BARE), _copy(superuser, file, tables.PLAIN)


def _copy(superuser: psycopg.Connection[Any], file: IO[bytes], table: Any) -> float:
    file.seek(0)
    began = time.perf_counter()
    tables.copy_in(superuser, iter(lambda: file.read(BLOCK), b""), table)
    return time.perf_counter() - began


def _swaps(when: str, rebuilt: list[Rebuilt]) -> Iterator[Figure]:
    yield Figure.of(
        f"readers could have waited for the swap, {when}",
        [r.swap_ms for r in rebuilt],
        unit=" ms",
        at_most=10,
    )


@contextmanager
def appending() -> Iterator[None]:
    """A client process that appends without a pause, meanwhile. Raises RuntimeError if it fails."""
    connections.close_all()  # it must not inherit one
    context = multiprocessing.get_context("fork")
    begun, stop = context.Event(), context.Event()
    client = context.Process(target=_append_until, args=(begun, stop), daemon=True)
    client.start()
    try:
        if not begun.wait(READY_WITHIN):
            raise RuntimeError("the appending client did not begin")
        yield
    finally:
        stop.set()
        client.join(READY_WITHIN)
    if client.exitcode != 0:
        raise RuntimeError(f"the appending client ended with {client.exitcode}")


def _append_until(begun: Event, stop: Event) -> None:
    connection = harness.application()
    for change in bookings():
        append_all(connection, [change], partition_of(change.booking_id))
        begun.set()
        if stop.is_set():
            return


def main(arguments: list[str] | None = None) -> None:
    harness.run(measure, harness.parser(__doc__, rounds=2, events=100_000).parse_args(arguments))


if __name__ == "__main__":
    main()
