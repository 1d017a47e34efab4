"""Appends and eventual reads over HTTP, by the server that runs in production, beside bare Django views behind the same
server: the CPU that one request costs the machine.

One client, one connection, in turns. Counted is the CPU of the web server's processes, of PostgreSQL's and of Valkey's,
apart and together; not the client's. The bare views have no DRF, no API key, no limits, no counters and no access line,
and check nothing; one server has them in a project as `startproject` makes it, another without any middleware.
"""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from statistics import median

import psutil

from benchmarks import harness, http_append
from benchmarks.harness import Bench
from benchmarks.report import Figure
from benchmarks.workload import fill, some_bookings
from events import api_keys, feed
from farehistory.demo import processes
from farehistory.embedded.service import Service
from projections import runner
from projections.projectors import projector

TURN = 500  # requests of one case before the next one's: enough CPU for a clock of hundredths of a second
PARTS = ("web", "postgres", "valkey")
BARE = {"bare view in a new project": "new-project", "bare view without middleware": "none"}
"""Names of the servers with bare views, and what middleware each is to have."""

Request = Callable[[], tuple[str, str, bytes]]
"""The next request: method, path, body."""


@dataclass(slots=True)
class Served:
    """A case: whom it asks, and the CPU of each turn by part, in seconds per request."""

    server: str
    port: int
    request: Request
    key: str
    cpu: list[dict[str, float]] = field(default_factory=list)

    def told(self, name: str) -> str:
        parts = {part: median(turn[part] for turn in self.cpu) * 1e6 for part in self.cpu[0]}
        return f"{name:<44}" + "".join(f"{part} {value:6,.0f} µs   " for part, value in parts.items())


def measure(bench: Bench) -> Iterator[Figure]:
    fill(harness.application(), bench.options.events)
    for name in ("current_fare", "fare_cache"):
        runner.drain(projector(name), feed.heads())
    ports = {name: processes.free_port() for name in ("web", *BARE)}
    bench.supervisor.start(processes.web(ports["web"], workers=1))
    for name, middleware in BARE.items():
        bench.supervisor.start(_bare_server(name, ports[name], middleware))
    cases = _cases(ports)
    for served in cases.values():
        _turn(bench, served)
        served.cpu.clear()
    end = time.monotonic() + bench.options.seconds * bench.options.rounds
    while time.monotonic() < end or not all(served.cpu for served in cases.values()):
        for served in cases.values():
            _turn(bench, served)
    for (what, server), served in cases.items():
        bench.report.note(served.told(f"{what}, {server}"))
    for what in ("append", "cached read"):
        for bare in BARE:
            yield _ratio(f"CPU of {what} / {bare}, all processes", cases, what, bare, PARTS)
            yield _ratio("the same, of the web server alone", cases, what, bare, ("web",))


def _bare_server(name: str, port: int, middleware: str) -> Service:
    """granian as it serves the platform, with the bare views."""
    return Service(
        name=name,
        argv=[
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--log-level", "warning"),
            *("--host", processes.HOST, "--port", str(port), "--workers", "1", "--blocking-threads", "16"),
            "benchmarks.bare_app:application",
        ],
        environment={"BARE_MIDDLEWARE": middleware},
        ready=lambda: _listens(port),
    )


def _listens(port: int) -> bool:
    connection = http.client.HTTPConnection(processes.HOST, port, timeout=2)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def _cases(ports: Mapping[str, int]) -> dict[tuple[str, str], Served]:
    """By what is asked for, and which server is asked."""
    key = api_keys.create("pricing", ("fares:append", "fares:read"))[1]
    bookings = (f"over-http-{number}" for number in count())
    (booking_id,) = some_bookings(harness.application(), 1)

    def append() -> tuple[str, str, bytes]:
        return "POST", f"/api/v1/fares/{next(bookings)}/events", http_append.body()

    def read() -> tuple[str, str, bytes]:
        return "GET", f"/api/v1/fares/{booking_id}", b""

    return {
        (what, server): Served(server, port, request, key)
        for what, request in {"append": append, "cached read": read}.items()
        for server, port in ports.items()
    }


def _turn(bench: Bench, served: Served) -> None:
    headers = {"Authorization": f"Bearer {served.key}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(processes.HOST, served.port, timeout=10)
    requests = [served.request() for _ in range(TURN)]
    before = _cpu(bench, served)
    for method, path, body in requests:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{path} was answered {answer.status}: {content!r}")
    connection.close()
    after = _cpu(bench, served)
    served.cpu.append({part: (after[part] - before[part]) / TURN for part in PARTS})


def _cpu(bench: Bench, served: Served) -> dict[str, float]:
    """Seconds that each part has computed so far."""
    names = {"web": served.server, "postgres": "postgres", "valkey": "valkey"}
    return {part: _of_tree(bench.supervisor.process(name).pid) for part, name in names.items()}


def _of_tree(pid: int) -> float:
    first = psutil.Process(pid)
    seconds = 0.0
    for process in (first, *first.children(recursive=True)):
        times = process.cpu_times()
        seconds += times.user + times.system
    return seconds


def _ratio(
    name: str,
    cases: Mapping[tuple[str, str], Served],
    what: str,
    bare: str,
    parts: Sequence[str],
) -> Figure:
    def cpu(server: str) -> list[float]:
        return [sum(turn[part] for part in parts) for turn in cases[what, server].cpu]

    ratios = [mine / other for mine, other in zip(cpu("web"), cpu(bare), strict=True)]
    return Figure.of(name, ratios, at_most=1.5)


def main(arguments: list[str] | None = None) -> None:
    harness.run(measure, harness.parser(__doc__, seconds=10, rounds=5, events=20_000).parse_args(arguments))


if __name__ == "__main__":
    main()
