"""An eventual read: from the cache, from the view, and beside a bare Django view that answers the same bytes.

First one client, in this process, one call after the other: whole requests through the WSGI application, without a
server around it, and their CPU (PostgreSQL's and Redis's not counted). Then readers in processes of their own while
bookings change, with a worker and beat at work: a few bookings are read most, as when a ride is under way.
"""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from multiprocessing import get_context
from statistics import median
from typing import Any
from uuid import uuid4

import psycopg
import redis
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from benchmarks import harness
from benchmarks.clients import Call, Case, told
from benchmarks.clients import measure as run_case
from benchmarks.harness import Bench
from benchmarks.report import Figure
from benchmarks.workload import fill
from events import api_keys, feed, ledger
from events.new_event import ANY, NewEvent
from farehistory.demo import processes
from projections import cache, queries, runner
from projections.cache import counting, link
from projections.cache.entries import key_of
from projections.projectors import projector

READERS = 4
CHANGES_PER_SECOND = 50
TURNS = 25  # calls of one case before the next one's


def measure(bench: Bench) -> Iterator[Figure]:
    fill(harness.application(), bench.options.events)
    for name in ("current_fare", "fare_cache"):
        runner.drain(projector(name), feed.heads())
    yield from _one_client(bench)
    yield from _under_load(bench)


# One client


@dataclass(slots=True)
class Timed:
    """Seconds of each call, and of CPU of each turn, per call."""

    latencies: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def turn(self, call: Callable[[], object]) -> None:
        began = time.process_time()
        for _ in range(TURNS):
            at = time.perf_counter()
            call()
            self.latencies.append(time.perf_counter() - at)
        self.cpu.append((time.process_time() - began) / TURNS)

    def told(self, name: str) -> str:
        ordered = sorted(self.latencies)
        p50, p99 = (ordered[int(share * len(ordered))] * 1e3 for share in (0.50, 0.99))
        return f"{name:<42} p50 {p50:6.2f} ms   p99 {p99:6.2f} ms   CPU {median(self.cpu) * 1e6:5,.0f} µs"


def _one_client(bench: Bench) -> Iterator[Figure]:
    (booking_id,) = _some_bookings(1)
    cases = _cases(booking_id)
    timed = {name: Timed() for name in cases}
    for _ in range(20):
        for call in cases.values():
            call()
    end = time.monotonic() + bench.options.seconds * bench.options.rounds
    while time.monotonic() < end:
        for name, call in cases.items():
            timed[name].turn(call)
    for name, times in timed.items():
        bench.report.note(times.told(name))
    cpu = {name: times.cpu for name, times in timed.items()}
    yield _ratio("CPU of a cached read / bare Django view", cpu, "API, cached", "bare view", at_most=1.5)
    yield _ratio("the same, beside one with our middleware", cpu, "API, cached", "bare view, our middleware")
    yield _ratio("CPU of a cached read / a read of the view", cpu, "API, cached", "API, from the view")
    yield _ratio("the same, without HTTP", cpu, "queries, cached", "queries, from the view")


def _ratio(name: str, cpu: Mapping[str, list[float]], one: str, other: str, **goal: Any) -> Figure:
    return Figure.of(name, [mine / theirs for mine, theirs in zip(cpu[one], cpu[other], strict=True)], **goal)


def _cases(booking_id: str) -> dict[str, Callable[[], object]]:
    key = api_keys.create("reader", ("fares:read",))[1]
    url = f"/api/v1/fares/{booking_id}"
    past_the_cache = redis.Redis.from_url(settings.CACHE_URL)

    def from_the_view() -> object:
        past_the_cache.delete(key_of(booking_id))
        return None

    api = _request(WSGIHandler(), url, key)
    bare = _request(_bare(()), url, key)
    dressed = _request(_bare(settings.MIDDLEWARE), url, key)
    return {
        "API, cached": api,
        "bare view": bare,
        "bare view, our middleware": dressed,
        "queries, cached": lambda: queries.fare_document(booking_id),
        "API, from the view": lambda: (from_the_view(), api()),
        "queries, from the view": lambda: queries.fare(booking_id),
    }


def _request(handler: WSGIHandler, url: str, key: str) -> Callable[[], bytes]:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": url,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "wsgi.url_scheme": "http",
    }

    def call() -> bytes:
        with io.BytesIO() as body:
            answer = handler({**environ, "wsgi.input": body}, _take_headers)
            content = b"".join(answer)
            answer.close()
        if answer.status_code != 200:
            raise RuntimeError(f"{url} was answered {answer.status_code}: {content!r}")
        return content

    return call


def _take_headers(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:
    return lambda _: None


# The bare view, and the URLs that lead to it alone


def bare_view(request: HttpRequest, booking_id: str) -> HttpResponse:
    entry: bytes = link.client().get(key_of(booking_id))  # type: ignore[assignment]
    return HttpResponse(entry.split(b" ", 2)[2], content_type="application/json")


urlpatterns = [path("api/v1/fares/<str:booking_id>", bare_view)]


def use_bare_urls(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        request.urlconf = __name__
        return get_response(request)

    return answer


def _bare(middleware: tuple[str, ...] | list[str]) -> WSGIHandler:
    with override_settings(MIDDLEWARE=[f"{__name__}.use_bare_urls", *middleware]):
        return WSGIHandler()


# Readers while bookings change


def _under_load(bench: Bench) -> Iterator[Figure]:
    bench.supervisor.start(processes.worker(), processes.beat())
    seconds = bench.options.seconds * bench.options.rounds
    bookings = _some_bookings(1000)
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


def _some_bookings(count: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT booking_id FROM projection.current_fare ORDER BY booking_id LIMIT %s", [count])
        return [booking_id for (booking_id,) in cursor.fetchall()]


def main(arguments: list[str] | None = None) -> None:
    harness.run(measure, harness.parser(__doc__, seconds=2, rounds=5, events=20_000).parse_args(arguments))


if __name__ == "__main__":
    main()
