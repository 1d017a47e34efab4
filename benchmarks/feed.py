"""The feed: whether readers have everything while others write, what a page costs, how soon a waiting reader has it.

Writers and readers are processes. Readers follow all of the ledger, a share of it each, or with a filter, from where
it ended; what they have in the end is compared with the ledger itself. Pages are read from the start of a ledger of
10,000 events and of one of `--events`, in two databases of one server, so that their rounds take turns. The lag runs
from the return of `events.ledger.append` until a reader that waits over HTTP has the whole answer, one event at a time.
"""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from http.client import HTTPConnection
from multiprocessing import get_context
from multiprocessing.managers import SyncManager
from statistics import median
from threading import Event
from typing import Final

from django.db import connection, connections
from psycopg import sql

from benchmarks import big_ledger, harness, tables
from benchmarks.append_to_view import new_event
from benchmarks.big_ledger import PER_BOOKING
from benchmarks.harness import Bench
from benchmarks.pages import SMALL, SMALL_EVENTS, opened
from benchmarks.report import Figure
from benchmarks.workload import bookings
from events import api_keys, feed, ledger
from events.following import Tail, Wanted, follow
from farehistory.demo import processes
from farehistory.embedded import postgres, valkey
from farehistory.embedded.state import DATABASE

WRITERS: Final = 3
PAGE: Final = 1000
PAGES: Final = 5  # of one measurement, one after the other
LAGS_A_SECOND: Final = 8

Place = tuple[int, int]
"""Partition and position."""


def measure(bench: Bench) -> Iterator[Figure]:
    yield from _lags(bench)
    yield from _completeness(bench)
    yield _pages(bench)


def _lags(bench: Bench) -> Iterator[Figure]:
    port = processes.free_port()
    bench.supervisor.start(processes.web(port))
    key = api_keys.create("reader", ("feed:read",))[1]
    yield from _lag(bench, port, key, "with Redis")
    bench.supervisor.stop(valkey.service(bench.supervisor.state).name)
    yield from _lag(bench, port, key, "without Redis")
    bench.supervisor.stop("web")
    bench.supervisor.start(valkey.service(bench.supervisor.state))


def _lag(bench: Bench, port: int, key: str, name: str) -> Iterator[Figure]:
    changes = bookings()
    http = HTTPConnection(processes.HOST, port, timeout=60)
    headers = {"Authorization": f"Bearer {key}"}

    def ask(place: str) -> tuple[str, list[object], float]:
        http.request("GET", f"/api/v1/events?after={place}", headers=headers)
        page = json.loads(http.getresponse().read())
        return page["next"], page["results"], time.perf_counter()

    lags = []
    with ThreadPoolExecutor(1) as reader:
        place, _, _ = ask("tail")
        for _ in range(round(bench.options.seconds * bench.options.rounds * LAGS_A_SECOND) + 1):
            answer = reader.submit(ask, f"{place}&wait=30")
            time.sleep(
                random.uniform(0.05, 0.1)
            )  # it waits by then, and the looks without Redis fall anywhere
            ledger.append(new_event(next(changes)), source="pricing")
            returned = time.perf_counter()
            place, events, had = answer.result()
            if len(events) != 1:
                raise RuntimeError(f"{len(events)} events came for one append")
            lags.append(max(0.0, had - returned) * 1e3)
    http.close()
    lags = sorted(lags[1:] or lags)
    bench.report.note(f"{name}: {len(lags)} appends, the slowest answer after {lags[-1]:.0f} ms")
    for share in (50, 99):
        yield Figure.of(f"append to reader {name}, p{share}", [lags[len(lags) * share // 100]], unit=" ms")


def _completeness(bench: Bench) -> Iterator[Figure]:
    before = feed.heads()
    half = len(before) // 2
    shares: dict[str, tuple[list[int] | None, Wanted]] = {
        "all": (None, Wanted()),
        "one half": (list(range(half)), Wanted()),
        "other half": (list(range(half, len(before))), Wanted()),
        "tolls": (None, Wanted(components=["toll"])),
    }
    connections.close_all()
    context = get_context("fork")
    with SyncManager(ctx=context) as manager, ProcessPoolExecutor(9, mp_context=context) as pool:
        written, places = manager.Event(), {name: str(name) for name in shares}
        ready = manager.Semaphore(0)
        readers = {name: pool.submit(read, *shares[name], ready, written) for name in places}
        for _ in readers:
            ready.acquire()
        writers = [pool.submit(write, bench.options.seconds * bench.options.rounds) for _ in range(WRITERS)]
        acknowledged = {place for writer in writers for place in writer.result()}
        written.set()
        seen = {name: reader.result() for name, reader in readers.items()}
    expected = {
        (p, n) for p, head in feed.heads().items() for n in range(before[p] + 1, head + 1)
    } | acknowledged
    whole = {"all": seen["all"], "sharing": seen["one half"] + seen["other half"], "tolls": seen["tolls"]}
    wanted = {"all": expected, "sharing": expected, "tolls": expected & _tolls()}
    bench.report.note(
        f"{len(expected):,} events by {WRITERS} writers; "
        + ", ".join(f"{name} had {len(its):,}" for name, its in whole.items())
    )
    lost = sum(len(wanted[name] - set(its)) for name, its in whole.items())
    beside = sum(len(its) - len(wanted[name] & set(its)) for name, its in whole.items())
    yield Figure.of("events lost", [lost], at_most=0)
    yield Figure.of("events doubled or not asked for", [beside], at_most=0)
    yield Figure.of("events out of order", [sum(map(_out_of_order, seen.values()))], at_most=0)


def write(seconds: float) -> list[Place]:
    """Appends without a pause; the places that were acknowledged."""
    places, changes = [], bookings()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        event = ledger.append(new_event(next(changes)), source="pricing").event
        places.append((event.partition, event.position))
    return places


def read(share: list[int] | None, wanted: Wanted, ready: object, written: Event) -> list[Place]:
    """Follows from here until all is written and nothing is left; the places in the order in which they came."""
    answer = follow(Tail.NOW, partitions=share)
    ready.release()  # type: ignore[attr-defined]
    places = []
    while True:
        last = written.is_set()
        answer = follow(answer.next, partitions=share, limit=100, wait=0.5, wanted=wanted)
        places += [(event.partition, event.position) for event in answer.events]
        if last and answer.caught_up:
            return places


def _tolls() -> set[Place]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT partition, position FROM ledger.fare_event WHERE component = 'toll'")
        return set(cursor.fetchall())


def _out_of_order(places: list[Place]) -> int:
    last: dict[int, int] = defaultdict(int)
    wrong = 0
    for partition, position in places:
        wrong += position <= last[partition]
        last[partition] = max(position, last[partition])
    return wrong


def _pages(bench: Bench) -> Figure:
    """Of the same make, of which the large one goes on where the small one ends."""
    _make(bench)
    costs: dict[str, list[float]] = {SMALL: [], DATABASE: []}
    for _ in range(bench.options.rounds):
        for database, its in costs.items():
            with opened(database):
                its.append(median(_page_costs(bench.options.seconds)))
    for size, its in zip((SMALL_EVENTS, bench.options.events), costs.values(), strict=True):
        bench.report.note(f"a page of {PAGE:,} of {size:,} events: {median(its) * 1e3:.1f} ms")
    ratios = [large / small for small, large in zip(costs[SMALL], costs[DATABASE], strict=True)]
    return Figure.of(f"page of {PAGE:,}: large / small", ratios, at_most=1.3)


def _make(bench: Bench) -> None:
    small = SMALL_EVENTS // PER_BOOKING
    connections.close_all()
    with postgres.connect(bench.supervisor.state) as server, bench.superuser() as superuser:
        big_ledger.write(superuser, 1, small)
        superuser.close()
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        server.execute(copy.format(sql.Identifier(SMALL), sql.Identifier(DATABASE)))
    began = time.perf_counter()
    with bench.superuser() as superuser:
        big_ledger.write(superuser, small + 1, max(small, bench.options.events // PER_BOOKING))
        tables.settle(superuser)
    with postgres.connect(bench.supervisor.state, SMALL) as superuser:
        tables.settle(superuser)
    bench.report.note(f"the large ledger was made in {time.perf_counter() - began:,.0f} s")


def _page_costs(seconds: float) -> list[float]:
    """Seconds of each page, read one after the other from the start, again and again."""
    costs: list[float] = []
    until = time.perf_counter() + seconds
    while not costs or time.perf_counter() < until:
        place = None
        for _ in range(PAGES):
            began = time.perf_counter()
            answer = follow(place, limit=PAGE)
            costs.append(time.perf_counter() - began)
            place = answer.next
    return costs


def main(arguments: list[str] | None = None) -> None:
    options = harness.parser(__doc__, seconds=3, rounds=5, events=1_000_000).parse_args(arguments)
    harness.run(measure, options)


if __name__ == "__main__":
    main()
