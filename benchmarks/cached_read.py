"""An eventual read: from the cache, from the view, and beside a bare Django view that answers the same bytes.

First one client, in this process, one call after the other: whole requests through the WSGI application, without a
server around it, and their CPU (PostgreSQL's and Redis's not counted). Then readers in processes of their own while
bookings change, with a worker and beat at work: a few bookings are read most, as when a ride is under way.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from multiprocessing import get_context
from typing import Any
from uuid import uuid4

import psycopg
import redis
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.urls import path

from benchmarks import harness
from benchmarks.clients import Call, Case, told
from benchmarks.clients import measure as run_case
from benchmarks.harness import Bench
from benchmarks.http_calls import bare, in_turns, ratio, requests
from benchmarks.report import Figure
from benchmarks.workload import fill, some_bookings
from events import api_keys, feed, ledger
from events.new_event import ANY, NewEvent
from farehistory.demo import processes
from projections import cache, queries, runner
from projections.cache import counting, link
from projections.cache.entries import key_of
from projections.projectors import projector

READERS = 4
CHANGES_PER_SECOND = 50


def measure(bench: Bench) -> Iterator[Figure]:
    fill(harness.application(), bench.options.events)
    for name in ("current_fare", "fare_cache"):
        runner.drain(projector(name), feed.heads())
    yield from _one_client(bench)
    yield from _under_load(bench)


# One client


def _one_client(bench: Bench) -> Iterator[Figure]:
    (booking_id,) = some_bookings(harness.application(), 1)
    cases = _cases(booking_id)
    timed = in_turns(bench, cases)
    yield ratio("CPU of a cached read / bare Django view", timed, "API, cached", "bare view", at_most=1.5)
    yield ratio("the same, beside one with our middleware", timed, "API, cached", "bare view, our middleware")
    yield ratio("CPU of a cached read / a read of the view", timed, "API, cached", "API, from the view")
    yield ratio("the same, without HTTP", timed, "queries, cached", "queries, from the view")


def _cases(booking_id: str) -> dict[str, Callable[[], object]]:
    key = api_keys.create("reader", ("fares:read",))[1]
    url = f"/api/v1/fares/{booking_id}".format
    past_the_cache = redis.Redis.from_url(settings.CACHE_URL)

    def from_the_view() -> object:
        past_the_cache.delete(key_of(booking_id))
        return None

    api = requests(WSGIHandler(), "GET", url, key)
    return {
        "API, cached": api,
        "bare view": requests(bare(__name__), "GET", url, key),
        "bare view, our middleware": requests(bare(__name__, settings.MIDDLEWARE), "GET", url, key),
        "queries, cached": lambda: queries.fare_document(booking_id),
        "API, from the view": lambda: (from_the_view(), api()),
        "queries, from the view": lambda: queries.fare(booking_id),
    }


# The bare view, and the URLs that lead to it alone


def bare_view(request: HttpRequest, booking_id: str) -> HttpResponse:
    entry: bytes = link.client().get(key_of(booking_id))  # type: ignore[assignment]
    return HttpResponse(entry.split(b" ", 2)[2], content_type="application/json")


urlpatterns = [path("api/v1/fares/<str:booking_id>", bare_view)]


# Readers while bookings change


def _under_load(bench: Bench) -> Iterator[Figure]:
    bench.supervisor.start(processes.worker(), processes.beat())
    seconds = bench.options.seconds * bench.options.rounds
    bookings = some_bookings(harness.application(), 1000)
    before = cache.counters()
    link.drop()
    connections.close_all()
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        changes = pool.submit(changing, bookings, seconds)
        run = run_case(Case(reading(bookings), READERS), seconds)
        made = changes.result()
    counts = {name: reads - before[name] for name, reads in cache.counters().items()}
    bench.report.note(told(f"{READERS} readers, {made / seconds:.0f} changes/s, worker and beat", [run]))
    bench.report.note(", ".join(f"{reads:,} {name}" for name, reads in counts.items()))
    share = (counts["hits"] + counts["waits"]) / sum(counts.values())
    yield Figure.of("hit rate while bookings change", [share])
    yield Figure.of("versions that went back", [run.rate and len(run.latencies) - run.successes], at_most=0)


def reading(bookings: list[str]) -> Callable[[psycopg.Connection[Any], int], Call]:
    """A client that reads the first bookings most; a call is a success if the version did not go back."""

    def client(_: psycopg.Connection[Any], number: int) -> Call:
        counting.FLUSH_SECONDS = 0.05  # the process ends at once when its time is over
        chance = random.Random(number)
        seen: dict[str, int] = {}

        def call() -> bool:
            booking_id = bookings[int(len(bookings) * chance.random() ** 3)]
            version = queries.fare_document(booking_id).version
            before, seen[booking_id] = seen.get(booking_id, 0), version
            return version >= before

        return call

    return client


def changing(bookings: list[str], seconds: float) -> int:
    """Appends a toll to one of the bookings, `CHANGES_PER_SECOND` times a second; how many."""
    chance = random.Random(1)
    began = time.monotonic()
    made = 0
    while (now := time.monotonic()) < began + seconds:
        ledger.append(_toll(bookings[int(len(bookings) * chance.random() ** 3)]), source="tolls")
        made += 1
        time.sleep(max(0.0, began + made / CHANGES_PER_SECOND - now))
    return made


def _toll(booking_id: str) -> NewEvent:
    return NewEvent(
        booking_id=booking_id,
        transaction_id=uuid4(),
        expected_version=ANY,
        type="ADD",
        component="toll",
        amount=Decimal("0.10"),
    )


def main(arguments: list[str] | None = None) -> None:
    harness.run(measure, harness.parser(__doc__, seconds=2, rounds=5, events=20_000).parse_args(arguments))


if __name__ == "__main__":
    main()
