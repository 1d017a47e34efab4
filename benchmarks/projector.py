"""The drain of a whole ledger into empty views, against a COPY of the same events and against row by row.

The COPY goes into a table like the ledger's, and into one without constraints and indexes, which is the limit.

Together: a booking's events follow each other in the log, so that a page holds all of them. Spread: each is far
from the next, so that every event moves a row of the view.

Row by row: the same view moved by Django's ORM, and a like one by the projection runner of `eventsourcing`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any, Final, TypeVar

import psycopg

from benchmarks import eventsourcing_projector, harness, orm_projector, tables
from benchmarks.harness import Bench
from benchmarks.report import Figure
from benchmarks.workload import fill
from events import partitions
from projections import runner
from projections.projector import Projector
from projections.projectors import PROJECTORS, projector

T = TypeVar("T")

CURRENT_FARE: Final = [projector("current_fare")]
VIEWS: Final = [each for each in PROJECTORS if each.tables]
CASES: Final = ("current fare", "all views", "COPY", "COPY without constraints and indexes")


def measure(bench: Bench) -> Iterator[Figure]:
    half = partitions.count() // 2
    shapes = {"together": range(half), "spread": range(half, half * 2)}
    for shape, where in shapes.items():
        fill(harness.application(), bench.options.events, spread=shape == "spread", partitions=where)
    with bench.superuser() as superuser:
        tables.make_bare(superuser)
        for shape, where in shapes.items():
            yield from _figures(bench, superuser, shape, where)
        yield from _against_peers(bench, superuser, shapes["together"])


def _figures(bench: Bench, superuser: psycopg.Connection[Any], shape: str, where: range) -> Iterator[Figure]:
    text = list(tables.copy_out(superuser, partitions=where))
    rounds = [_round(superuser, text, where) for _ in range(bench.options.rounds)]
    bookings = tables.rows_in(superuser, "projection.current_fare")
    rates = zip(CASES, zip(*rounds, strict=True), strict=True)
    said = ", ".join(f"{what} {median(values):,.0f}" for what, values in rates)
    bench.report.note(f"{shape}: {bench.options.events:,} events of {bookings:,} bookings; events/s: {said}")
    yield Figure.of(f"drain / COPY, bookings {shape}", [d / c for d, _, c, _ in rounds])
    yield Figure.of(
        f"drain / COPY without constraints and indexes, {shape}",
        [d / p for d, _, _, p in rounds],
        at_least=0.5,
    )
    yield Figure.of(f"drain of all views / COPY, {shape}", [a / c for _, a, c, _ in rounds])
    yield Figure.of(
        f"drain of all views / COPY without constraints and indexes, {shape}",
        [a / p for _, a, _, p in rounds],
    )


def _round(
    superuser: psycopg.Connection[Any], text: list[bytes], where: range
) -> tuple[float, float, float, float]:
    """Events per second of the `CASES`, each into empty tables."""
    events, drain = _drain(superuser, CURRENT_FARE, where)
    _, drain_all = _drain(superuser, VIEWS, where)
    tables.empty(superuser)
    tables.settle(superuser)
    _, copy = _timed(lambda: tables.copy_in(superuser, text))
    _, plain = _timed(lambda: tables.copy_in(superuser, text, tables.PLAIN))
    return events / drain, events / drain_all, events / copy, events / plain


def _drain(
    superuser: psycopg.Connection[Any], projectors: Sequence[Projector], where: range
) -> tuple[int, float]:
    """Events of the log, and the seconds that all these views took, one after the other."""
    for each in projectors:
        superuser.execute(f"TRUNCATE {', '.join(f'projection.{table}' for table in each.tables)}")
        superuser.execute("UPDATE projection.checkpoint SET position = 0 WHERE projection = %s", [each.name])
    tables.settle(superuser)
    return _timed(lambda: max(runner.drain(each, where) for each in projectors))


def _against_peers(bench: Bench, superuser: psycopg.Connection[Any], where: range) -> Iterator[Figure]:
    events = min(bench.options.events, 2_000)
    orm_projector.make_tables()
    superuser.execute(f"CREATE SCHEMA {eventsourcing_projector.SCHEMA}")
    library = eventsourcing_projector.Peer(bench.supervisor.state)
    library.fill(events)
    rounds = []
    for _ in range(bench.options.rounds):
        drained, seconds = _drain(superuser, CURRENT_FARE, where)
        rounds.append((drained / seconds, orm_projector.rate(where, events), library.rate(superuser)))
    ours, orm, theirs = (median(rates) for rates in zip(*rounds, strict=True))
    bench.report.note(
        f"events/s: current fare {ours:,.0f}, Django ORM {orm:,.0f}, eventsourcing {theirs:,.0f}"
    )
    yield Figure.of("drain / Django ORM row by row", [d / o for d, o, _ in rounds], at_least=60)
    yield Figure.of("drain / projection runner of eventsourcing", [d / e for d, _, e in rounds], at_least=40)


def _timed(call: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    result = call()
    return result, time.perf_counter() - began


def main(arguments: list[str] | None = None) -> None:
    harness.run(measure, harness.parser(__doc__, rounds=5).parse_args(arguments))


if __name__ == "__main__":
    main()
