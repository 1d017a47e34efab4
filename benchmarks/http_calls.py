"""Whole requests in this process, through a WSGI application and without a server around it, and their CPU.

A *bare* view is what Django costs by itself: no middleware, one URL, no DRF, no API key.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings

from benchmarks.harness import Bench
from benchmarks.report import Figure

TURNS = 25  # calls of one case before the next one's


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
        least = f"least {min(self.cpu) * 1e6:5,.0f} µs"
        return f"{name:<42} p50 {p50:6.2f} ms   p99 {p99:6.2f} ms   CPU {median(self.cpu) * 1e6:5,.0f} µs   {least}"


def in_turns(bench: Bench, cases: Mapping[str, Callable[[], object]]) -> dict[str, Timed]:
    """Calls the cases in turns for the time that was asked for, and notes what each took."""
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
    return timed


def ratio(name: str, timed: Mapping[str, Timed], one: str, other: str, **goal: Any) -> Figure:
    """The CPU of one case by that of another, in each of their turns."""
    pairs = zip(timed[one].cpu, timed[other].cpu, strict=True)
    return Figure.of(name, [mine / theirs for mine, theirs in pairs], **goal)


def requests(
    handler: WSGIHandler,
    method: str,
    path: Callable[[], str],
    key: str,
    *,
    body: Callable[[], bytes] = bytes,
) -> Callable[[], bytes]:
    """Makes one request after the other and answers the content; raises RuntimeError for what is no success."""
    environ = {
        "REQUEST_METHOD": method,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "wsgi.url_scheme": "http",
    }

    def call() -> bytes:
        url, data = path(), body()
        with io.BytesIO(data) as stream:
            this = {"PATH_INFO": url, "CONTENT_LENGTH": str(len(data)), "wsgi.input": stream}
            answer = handler({**environ, **this}, _take_headers)
            content = b"".join(answer)
            answer.close()
        if answer.status_code not in (200, 201):
            raise RuntimeError(f"{url} was answered {answer.status_code}: {content!r}")
        return content

    return call


def _take_headers(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:
    return lambda _: None


def bare(urlconf: str, middleware: tuple[str, ...] | list[str] = ()) -> WSGIHandler:
    """A handler that knows the URLs of a module alone."""
    _BareUrls.urlconf = urlconf
    with override_settings(MIDDLEWARE=[f"{__name__}._BareUrls", *middleware]):
        return WSGIHandler()


class _BareUrls:
    urlconf: str

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.urlconf = self.urlconf
        return self.get_response(request)
