"""One event at a time: the append function against a bare INSERT of the same row, and against Django.

The bare INSERT has the same table, constraints, indexes and client library, and nothing to decide: it is the
limit. Cold: every booking is new and gets its five events. Hot: all clients append to one booking.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import psycopg

from benchmarks import harness, tables
from benchmarks.clients import Call, Case, Client, Run, alternate, told
from benchmarks.harness import Bench
from benchmarks.report import Figure
from benchmarks.workload import APPEND, Change, append_values, booking, bookings, fill, new_booking_id, row

MANY = 8
_BEGAN = time.monotonic_ns()


def bare_insert(connection: psycopg.Connection[Any], number: int) -> Call:
    """The client gives position and version, so that the database has nothing to look up."""
    cursor = psycopg.Cursor(connection)
    changes = bookings()

    def call() -> bool:
        # Rises at the end of each log, as positions do, and is no other client's.
        position = 1_000_000 + (time.monotonic_ns() - _BEGAN) // 1000 * 64 + number
        cursor.execute(tables.INSERT, row(next(changes), position))
        return True

    return call


def append(connection: psycopg.Connection[Any], number: int) -> Call:
    cursor = psycopg.Cursor(connection)
    changes = bookings()

    def call() -> bool:
        cursor.execute(APPEND, append_values([next(changes)]))
        return bool(cursor.fetchall()[0][1] == "appended")

    return call


def hot_append(booking_id: str, *, expects_version: bool) -> Client:
    """All clients add tolls to one booking: at any version, or at the one that the last answer told."""

    def client(connection: psycopg.Connection[Any], number: int) -> Call:
        cursor = psycopg.Cursor(connection)
        version = 1

        def call() -> bool:
            nonlocal version
            expected = version if expects_version else None
            cursor.execute(APPEND, append_values([_toll(booking_id)], expected=[expected]))
            answer = cursor.fetchall()[0]
            version = answer[5]
            return bool(answer[1] == "appended")

        return call

    return client


def django(booking_id: str | None = None) -> Client:
    """The peer; to one booking if it is named."""

    def client(connection: psycopg.Connection[Any], number: int) -> Call:
        call: Call = import_module("benchmarks.django_peer").client(bookings(), booking_id)
        return call

    return client


def measure(bench: Bench) -> Iterator[Figure]:
    at_any_version, at_a_version, django_hot = _prepare(bench)
    runs = alternate(
        {
            "bare INSERT, cold, 8 clients": Case(bare_insert, MANY),
            "append, cold, 8 clients": Case(append, MANY),
            "append, hot, any version, 8 clients": Case(at_any_version, MANY),
            "append, hot, expected version, 8 clients": Case(at_a_version, MANY),
            "Django select_for_update, cold, 8 clients": Case(django(), MANY),
            "Django select_for_update, hot, 8 clients": Case(django_hot, MANY),
            "bare INSERT, cold, 1 client": Case(bare_insert, 1),
            "append, cold, 1 client": Case(append, 1),
        },
        rounds=bench.options.rounds,
        seconds=bench.options.seconds,
    )
    for name, its in runs.items():
        bench.report.note(told(name, its))
    with bench.superuser() as connection:
        for table in ("ledger.fare_event", "bench.fare_event", "bench_booking"):
            bench.report.note(f"{table} has {tables.rows_in(connection, table):,} rows at the end")
    yield from _figures(*runs.values())


def _prepare(bench: Bench) -> tuple[Client, Client, Client]:
    """Fills the ledger and its copy alike, and opens the hot bookings."""
    hot = [new_booking_id() for _ in range(3)]
    connection = harness.application()
    fill(connection, bench.options.events)
    for booking_id in hot[:2]:
        psycopg.Cursor(connection).execute(APPEND, append_values([next(booking(booking_id))]))
    with bench.superuser() as superuser:
        tables.make_bare(superuser, with_rows=True)
        bench.report.note(
            f"rows in either table at the start: {tables.rows_in(superuser, 'ledger.fare_event'):,}"
        )
    import_module("benchmarks.django_peer").make_tables(bench.options.events, hot[2])
    return (
        hot_append(hot[0], expects_version=False),
        hot_append(hot[1], expects_version=True),
        django(hot[2]),
    )


def _figures(
    bare: list[Run], cold: list[Run], hot: list[Run], versions: list[Run],
    django_cold: list[Run], django_hot: list[Run], bare_1: list[Run], cold_1: list[Run],
) -> Iterator[Figure]:  # fmt: skip
    yield Figure.of("append / bare INSERT, 8 clients", ratios(cold, bare), at_least=0.70)
    yield Figure.of("append / bare INSERT, 1 client", ratios(cold_1, bare_1), at_least=0.85)
    yield Figure.of("  server CPU of a bare INSERT / append, 8 clients", cpu_ratios(bare, cold))
    yield Figure.of("  server CPU of a bare INSERT / append, 1 client", cpu_ratios(bare_1, cold_1))
    yield Figure.of("hot append at any version / bare INSERT", ratios(hot, bare), at_least=0.30)
    starving = [run.quantile(0.99) / run.quantile(0.50) for run in hot]
    yield Figure.of("hot append at any version, p99 / p50", starving, at_most=10)
    yield Figure.of("hot calls with a version / bare INSERT", ratios(versions, bare), at_least=0.20)
    successes = [run.success_rate / other.rate for run, other in zip(versions, bare, strict=True)]
    yield Figure.of("  of which appended / bare INSERT", successes)
    yield Figure.of("append / Django select_for_update, cold", ratios(cold, django_cold), at_least=8)
    yield Figure.of("append / Django select_for_update, hot", ratios(hot, django_hot))


def ratios(ours: list[Run], theirs: list[Run]) -> list[float]:
    """Calls per second, round by round."""
    return [one.rate / other.rate for one, other in zip(ours, theirs, strict=True)]


def cpu_ratios(theirs: list[Run], ours: list[Run]) -> list[float]:
    """What the server computes for one call, round by round: steadier than rates on a machine that is shared."""
    return [other.cpu / one.cpu for one, other in zip(ours, theirs, strict=True)]


def _toll(booking_id: str) -> Change:
    """What of a change an append does not compute itself."""
    *_, last = booking(booking_id)
    return last


def main(arguments: list[str] | None = None) -> None:
    options: Any = harness.parser(__doc__).parse_args(arguments)
    harness.run(measure, options)


if __name__ == "__main__":
    main()
