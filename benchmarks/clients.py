"""Client processes that repeat one call each, all at once, for a given time; and cases taken in turns."""

from __future__ import annotations

import multiprocessing
import time
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from django.db import connection, connections

Call = Callable[[], bool]
"""One operation; answers whether it did what it came for (a refused append did not)."""

Client = Callable[[psycopg.Connection[Any], int], Call]
"""Made in the client's own process, of its connection and its number from 0: gives the call to repeat."""

WARM_UP = 20  # calls, so that every connection has its plans and catalogue rows
READY_WITHIN = 60.0  # seconds

# Forked: a client need not import anything before it starts.
_context = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Run:
    """What all clients did together in one measurement. Latencies are in seconds, in order of size."""

    seconds: float
    successes: int
    server_cpu: float
    """Seconds that the clients' backends computed: what hardly depends on who else uses the machine."""
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Calls per second."""
        return len(self.latencies) / self.seconds

    @property
    def success_rate(self) -> float:
        return self.successes / self.seconds

    @property
    def cpu(self) -> float:
        """Of the server, in seconds per call."""
        return self.server_cpu / len(self.latencies)

    def quantile(self, share: float) -> float:
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


@dataclass(frozen=True, slots=True)
class Case:
    client: Client
    clients: int


def alternate(cases: Mapping[str, Case], *, rounds: int, seconds: float) -> dict[str, list[Run]]:
    """Measures all cases once a round: what the machine does beside us, it does to each of them."""
    runs: dict[str, list[Run]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            runs[name].append(measure(case, seconds))
    return runs


def measure(case: Case, seconds: float) -> Run:
    """Runs one case once. Raises what a client raised."""
    connections.close_all()  # a client must not inherit one
    barrier = _context.Barrier(case.clients)
    clients = [_start(case.client, number, seconds, barrier) for number in range(case.clients)]
    successes, server_cpu, latencies = 0, 0.0, array("d")
    try:
        for _, answers in clients:
            answer = answers.recv()
            if isinstance(answer, BaseException):
                raise answer
            successes += answer[0]
            server_cpu += answer[1]
            latencies.frombytes(answer[2])
    finally:
        for process, _ in clients:
            process.join(timeout=READY_WITHIN)
    return Run(seconds, successes, server_cpu, sorted(latencies))


def told(name: str, runs: list[Run]) -> str:
    """A case's line: medians over its rounds."""
    rate = median(run.rate for run in runs)
    p50, p99 = (median(run.quantile(share) * 1e3 for run in runs) for share in (0.50, 0.99))
    cpu = median(run.cpu * 1e6 for run in runs)
    line = f"{name:<42} {rate:>8,.0f}/s   p50 {p50:6.2f} ms   p99 {p99:6.2f} ms   server CPU {cpu:5,.0f} µs"
    share = median(run.successes / len(run.latencies) for run in runs)
    return line if share == 1 else f"{line}   {share:.0%} appended"


def _start(
    client: Client, number: int, seconds: float, barrier: Barrier
) -> tuple[multiprocessing.process.BaseProcess, Connection]:
    ours, theirs = _context.Pipe(duplex=False)
    process = _context.Process(target=_repeat, args=(client, number, seconds, barrier, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _repeat(client: Client, number: int, seconds: float, barrier: Barrier, answers: Connection) -> None:
    try:
        # Django's own connection, as `events.ledger` uses it: in autocommit, nothing prepared.
        connection.ensure_connection()
        call = client(connection.connection, number)
        for _ in range(WARM_UP):
            call()
        barrier.wait(READY_WITHIN)
        cpu = _cpu_of_backend()
        successes, latencies = _timed(call, seconds)
        answers.send((successes, _cpu_of_backend() - cpu, latencies.tobytes()))
    except Exception as error:
        barrier.abort()
        answers.send(error)


def _cpu_of_backend() -> float:
    """Seconds that the server process of our connection has computed. It runs on this machine."""
    statistics = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text(encoding="ascii")
    return int(statistics.split()[0]) / 1e9


def _timed(call: Call, seconds: float) -> tuple[int, array[float]]:
    latencies = array("d")
    successes = 0
    now = time.perf_counter()
    end = now + seconds
    while now < end:
        began = now
        successes += call()
        now = time.perf_counter()
        latencies.append(now - began)
    return successes, latencies
