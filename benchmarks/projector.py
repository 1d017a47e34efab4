"""The current-fare projector's drain of a whole ledger into an empty view, against a COPY of the same events.

The COPY goes into a table like the ledger's, and into one without constraints and indexes, which is the limit.

Together: a booking's events follow each other in the log, so that a page holds all of them. Spread: each is far
from the next, so that every event moves a row of the view.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any, TypeVar

import psycopg

from benchmarks import harness, tables
from benchmarks.harness import Bench
from benchmarks.report import Figure
from benchmarks.workload import fill
from events import partitions
from projections import runner
from projections.projectors.current_fare import CurrentFareProjector

T = TypeVar("T")


def measure(bench: Bench) -> Iterator[Figure]:
    half = partitions.count() // 2
    shapes = {"together": range(half), "spread": range(half, half * 2)}
    for shape, where in shapes.items():
        fill(harness.application(), bench.options.events, spread=shape == "spread", partitions=where)
    with bench.superuser() as superuser:
        tables.make_bare(superuser)
        for shape, where in shapes.items():
            yield from _figures(bench, superuser, shape, where)


def _figures(bench: Bench, superuser: psycopg.Connection[Any], shape: str, where: range) -> Iterator[Figure]:
    text = list(tables.copy_out(superuser, partitions=where))
    rounds = [_round(superuser, text, where) for _ in range(bench.options.rounds)]
    bookings = tables.rows_in(superuser, "projection.current_fare")
    rates = zip(
        ("drained", "copied", "copied without constraints and indexes"),
        zip(*rounds, strict=True),
        strict=True,
    )
    said = ", ".join(f"{what} at {median(values):,.0f} events/s" for what, values in rates)
    bench.report.note(f"{shape}: {bench.options.events:,} events of {bookings:,} bookings, {said}")
    yield Figure.of(f"drain / COPY, bookings {shape}", [d / c for d, c, _ in rounds])
    yield Figure.of(
        f"drain / COPY without constraints and indexes, {shape}", [d / p for d, _, p in rounds], at_least=0.5
    )


def _round(superuser: psycopg.Connection[Any], text: list[bytes], where: range) -> tuple[float, float, float]:
    """Events per second: drained, copied, copied into a plain table; each into an empty one."""
    superuser.execute("TRUNCATE projection.current_fare")
    superuser.execute("UPDATE projection.checkpoint SET position = 0")
    tables.empty(superuser)
    tables.settle(superuser)
    events, drain = _timed(lambda: runner.drain(CurrentFareProjector(), where))
    _, copy = _timed(lambda: tables.copy_in(superuser, text))
    _, plain = _timed(lambda: tables.copy_in(superuser, text, tables.PLAIN))
    return events / drain, events / copy, events / plain


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    result = call()
    return result, time.perf_counter() - began


def main(arguments: list[str] | None = None) -> None:
    harness.run(measure, harness.parser(__doc__).parse_args(arguments))


if __name__ == "__main__":
    main()
