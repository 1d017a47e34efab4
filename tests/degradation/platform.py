"""The running platform, as those who call it have it, and the faults that are done to it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import psutil
import pytest
from django.db import connections

from events import history
from farehistory.embedded.service import Process
from farehistory.embedded.supervisor import Supervisor
from tests.api_client import new_event
from tests.builders import new_booking_id

CLIENTS = 50
"""More than the web processes have threads (2 x 16)."""

WITHIN = 12.0
"""Seconds for an answer where 2 are promised: the machine may be busy with something else."""

BACK_WITHIN = 60.0
"""Seconds until all is as before, by itself."""

STARTED_WHEN_NEEDED = 16
"""Threads that granian may start beside those that warming up has started, and keeps for a while."""

WITHOUT_DATABASE = ("/health/live", "/api/schema", "/static/admin/css/base.css", "/api/problems/unavailable")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call was answered, and after how many seconds."""

    status: int
    seconds: float
    response: httpx.Response

    @property
    def code(self) -> str | None:
        """The problem's code, None for anything else."""
        is_problem = self.response.headers.get("Content-Type") == "application/problem+json"
        return self.response.json()["code"] if is_problem else None


class Platform:
    """Calls that remember what was acknowledged, so that it can be looked for afterwards."""

    def __init__(self, url: str, supervisor: Supervisor, key: str) -> None:
        self.supervisor = supervisor
        self._client = httpx.Client(
            base_url=url,
            timeout=60,
            headers={"Authorization": f"Bearer {key}"},
            limits=httpx.Limits(max_connections=200),
        )
        self._threads = ThreadPoolExecutor(CLIENTS)
        self._sent: dict[str, list[dict[str, Any]]] = {}
        self._acknowledged: set[tuple[str, str]] = set()

    def close(self) -> None:
        self._threads.shutdown()
        self._client.close()

    def process(self, name: str) -> Process:
        """Skips the test where the server is a given one."""
        try:
            return self.supervisor.process(name)
        except KeyError:
            pytest.skip(f"{name} is a given service of this run, not ours to stop")

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, headers=headers)

    def append(self, booking: str, body: dict[str, Any] | None = None) -> Answer:
        """A first event, unless the body is another's."""
        body = body or new_event()
        self._sent.setdefault(booking, []).append(body)
        return self._append(booking, body)

    def _append(self, booking: str, body: dict[str, Any]) -> Answer:
        answer = self._ask("POST", f"/api/v1/fares/{booking}/events", json=body)
        if answer.status in (200, 201):
            self._acknowledged.add((booking, body["transaction_id"]))
        return answer

    def append_anew(self) -> Answer:
        """To a booking of its own."""
        return self.append(new_booking_id())

    def at_once(self, call: Callable[[], Answer], clients: int = CLIENTS) -> list[Answer]:
        return [each.result() for each in [self._threads.submit(call) for _ in range(clients)]]

    def begin(self, call: Callable[[], Answer]) -> Any:
        return self._threads.submit(call)

    def warm_up(self) -> None:
        """Every thread of every web process has been started, and has its connections."""
        self.is_back()  # from what was done to it before
        for _ in range(2):
            self.at_once(self.append_anew)

    def is_back(self) -> float:
        """Seconds until calls are answered again, by all processes. Raises AssertionError after BACK_WITHIN."""
        began = time.monotonic()
        while time.monotonic() - began < BACK_WITHIN:
            self.supervisor.keep_up()
            with suppress(httpx.TransportError):
                if all(each.status == 201 for each in self.at_once(self.append_anew)):
                    return time.monotonic() - began
            time.sleep(0.05)
        raise AssertionError("it does not recover by itself")

    def nothing_is_lost_or_doubled(self) -> None:
        """What was acknowledged is there once; what was not is settled by sending the same again."""
        connections.close_all()  # this process's own may be to the server of before
        for booking, bodies in self._sent.items():
            for body in bodies:
                if (booking, body["transaction_id"]) not in self._acknowledged:
                    assert self._append(booking, body).status in (200, 201)
            stored = [str(event.transaction_id) for event in history.events_of(booking)]
            assert sorted(stored) == sorted({body["transaction_id"] for body in bodies})

    def threads(self) -> int:
        """Of all web processes."""
        main = psutil.Process(self.supervisor.process("web").pid)
        return sum(each.num_threads() for each in [main, *main.children(recursive=True)])

    def _ask(self, method: str, path: str, **options: Any) -> Answer:
        began = time.monotonic()
        try:
            response = self._client.request(method, path, **options)
        except httpx.RemoteProtocolError:
            # A kept connection that the server closed after an answer before which it had not read the whole body.
            response = self._client.request(method, path, **options)
        return Answer(response.status_code, time.monotonic() - began, response)


def unavailable(answers: Sequence[Answer]) -> bool:
    """Whether all say so, and when to come again."""
    return all(
        (each.status, each.code) == (503, "unavailable") and int(each.response.headers["Retry-After"]) >= 1
        for each in answers
    )


def slowest(answers: Sequence[Answer]) -> float:
    return max(each.seconds for each in answers)


@contextmanager
def stopped(*processes: psutil.Process) -> Iterator[None]:
    """Paused, neither dead nor alive: it answers nothing and closes nothing."""
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


def with_all_that_it_started(process: Process) -> list[psutil.Process]:
    main = psutil.Process(process.pid)
    return [main, *main.children(recursive=True)]
