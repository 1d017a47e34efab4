"""A server is stopped, or loses a process, while services append and read: no answer is cut or lost, no append doubled.

A service that heard nothing of an append may be sure of one thing: that it can send the same again. Here none is
sent again, so that what was lost would show.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from typing import Any

import psutil

from events import history
from events.errors import UnknownBooking
from farehistory.demo import processes
from farehistory.embedded.supervisor import Supervisor
from farehistory.serving import KILLED_AFTER_SECONDS
from projections.models import CurrentFare
from tests.api_client import Api, new_event
from tests.builders import connected, given, new_booking_id, set_
from tests.threads import meanwhile

SERVICES = 12


@dataclass
class Appender:
    """A service that appends without pause, each event once; every other one keeps its connection."""

    port: int
    key: str
    keeps: bool
    stops: bool = False
    """Whether it makes no new connection; one that it has it uses until the server closes it."""
    booking: str = field(default_factory=new_booking_id)
    heard: list[str] = field(default_factory=list)
    unheard: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    connection: HTTPConnection | None = None

    def run(self, stop: threading.Event) -> None:
        body = new_event()
        while not stop.is_set():
            if self.connected():
                self.send(body)
                if self.connected():
                    self.read()
            body = new_event(
                type="ADD", component="toll", amount="0.01", expected_version="any", currency=...
            )

    def connected(self) -> bool:
        if self.connection is None:
            if self.stops:
                time.sleep(0.02)
                return False
            self.connection = HTTPConnection(processes.HOST, self.port, timeout=30)
            try:
                self.connection.connect()
            except OSError:  # nobody listens: nothing was begun
                self.connection = None
                time.sleep(0.02)
                return False
        return True

    def send(self, body: dict[str, Any]) -> None:
        id = str(body["transaction_id"])
        answer = self.ask("POST", f"/api/v1/fares/{self.booking}/events", json.dumps(body))
        if answer is None:
            self.unheard.append(id)
        elif answer[0] == 503:  # the machine is slow; whether it was appended cannot be known
            self.unknown.append(id)
            return
        else:
            self.heard.append(id)
        # Without its first event, which may be among the unheard, a booking takes no other.
        if answer and answer[0] != 201 and json.loads(answer[1])["code"] != "first_event_must_set":
            self.wrong.append(str(answer))

    def read(self) -> None:
        answer = self.ask("GET", f"/api/v1/fares/{self.booking}?consistency=strong")
        if answer and answer[0] not in (200, 404, 503):
            self.wrong.append(str(answer))

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes] | None:
        """The whole answer, or None if the connection ended before it began; half of one is wrong."""
        assert self.connection is not None
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        answer = None
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            whole = answer.read()
        except (OSError, HTTPException) as error:
            if answer is not None:
                self.wrong.append(f"cut: {error!r}")
            self.hang_up()
            return None
        json.loads(whole)
        if answer.will_close or not self.keeps:
            self.hang_up()
        return answer.status, whole

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None


@contextmanager
def appending(port: int) -> Iterator[list[Appender]]:
    key = Api.of("toll").key or ""
    appenders = [Appender(port, key, keeps=bool(number % 2)) for number in range(SERVICES)]
    with meanwhile([appender.run for appender in appenders]):
        yield appenders


@contextmanager
def server(supervisor: Supervisor, **options: Any) -> Iterator[int]:
    """A web server of its own, beside the one of other tests; its port."""
    port = processes.free_port()
    service = processes.web(port, **options)
    supervisor.start(replace(service, name="web-to-stop"))
    try:
        yield port
    finally:
        supervisor.stop("web-to-stop")


def until_all_are_heard(appenders: list[Appender], number: int) -> None:
    deadline = time.monotonic() + 60
    while min(len(appender.heard) for appender in appenders) < number:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ended_well(supervisor: Supervisor, name: str) -> None:
    """By itself: long before what does not end is killed."""
    process = supervisor.process(name)
    deadline = time.monotonic() + KILLED_AFTER_SECONDS - 10
    while process.alive():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert process.exit_status == 0


def appended_of(appender: Appender) -> Counter[str]:
    try:
        return Counter(str(event.transaction_id) for event in history.events_of(appender.booking))
    except UnknownBooking:  # the server had stopped before
        return Counter()


def nothing_is_cut_lost_or_doubled(appenders: list[Appender]) -> None:
    for appender in appenders:
        assert appender.wrong == []
        appended = appended_of(appender)
        assert set(appended.values()) <= {1}
        assert not set(appender.unheard) & set(appended)  # what was begun was answered
        assert set(appended) <= {*appender.heard, *appender.unknown}


def test_it_ends_after_the_requests_that_it_has_begun(supervisor: Supervisor) -> None:
    with server(supervisor) as port, appending(port) as appenders:
        until_all_are_heard(appenders, 3)
        supervisor.process("web-to-stop").send(signal.SIGTERM)
        ended_well(supervisor, "web-to-stop")
    nothing_is_cut_lost_or_doubled(appenders)


def test_one_that_has_not_begun_to_serve_yet_ends_at_once(supervisor: Supervisor) -> None:
    """One of its processes may answer already while the other is still starting."""
    with server(supervisor) as port:
        main = psutil.Process(supervisor.process("web-to-stop").pid)
        before = {child.pid for child in main.children()}
        psutil.Process(min(before)).kill()
        until(lambda: bool({child.pid for child in main.children()} - before))
        with appending(port) as appenders:
            supervisor.process("web-to-stop").send(signal.SIGTERM)
            ended_well(supervisor, "web-to-stop")
    nothing_is_cut_lost_or_doubled(appenders)


def test_one_that_first_says_that_it_will_stop_leaves_nobody_unheard(supervisor: Supervisor) -> None:
    """Readiness fails first, as a proxy sees it; each answer closes its connection, so that none is idle at the end."""
    with server(supervisor, drain=4.0) as port, appending(port) as appenders:
        until_all_are_heard(appenders, 3)
        supervisor.process("web-to-stop").send(signal.SIGTERM)
        until(lambda: says_that_it_will_stop(port))
        for appender in appenders:
            appender.stops = True  # as a proxy does that has seen it
        ended_well(supervisor, "web-to-stop")
    nothing_is_cut_lost_or_doubled(appenders)
    assert [appender.unheard for appender in appenders] == [[]] * SERVICES


def says_that_it_will_stop(port: int) -> bool:
    probe = HTTPConnection(processes.HOST, port, timeout=30)
    try:
        probe.request("GET", "/health/ready")
        answer = probe.getresponse()
        found = (answer.status, json.loads(answer.read())["status"], answer.getheader("Connection"))
    finally:
        probe.close()
    return found == (503, "stopping", "close")


def test_one_of_its_processes_is_killed_and_another_takes_its_place(supervisor: Supervisor) -> None:
    with server(supervisor) as port:
        main = psutil.Process(supervisor.process("web-to-stop").pid)
        before = {child.pid for child in main.children()}
        with appending(port) as appenders:
            until_all_are_heard(appenders, 3)
            psutil.Process(min(before)).kill()
            heard = [len(appender.heard) for appender in appenders]
            until_all_are_heard(appenders, max(heard) + 3)
            deadline = time.monotonic() + 60
            while len({child.pid for child in main.children()} - before) < 1:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        assert supervisor.process("web-to-stop").alive()
    for appender in appenders:
        assert [answer for answer in appender.wrong if not answer.startswith("cut")] == []
        appended = appended_of(appender)
        assert set(appended.values()) <= {1}
        # An answer may be lost with the process that would have given it, an event never.
        assert set(appended) <= {*appender.heard, *appender.unheard, *appender.unknown}


def test_a_worker_that_is_told_to_stop_finishes_what_it_has_begun(supervisor: Supervisor) -> None:
    """It waits for a table when it is told, a second at most; where the machine took longer, once more."""
    assert any(finishes(supervisor, given(set_("14.00"))) for _ in range(3))


def finishes(supervisor: Supervisor, first: str) -> bool:
    supervisor.start(processes.worker(concurrency=1))
    try:
        until(lambda: CurrentFare.objects.filter(booking_id=first).exists())
        with connected("default") as held:
            held.execute("BEGIN")
            held.execute("LOCK TABLE projection.current_fare IN SHARE MODE")
            booking = given(set_("15.00"))
            until(lambda: bool(held.execute(_SOMEBODY_WAITS).fetchone()))
            supervisor.process("worker").send(signal.SIGTERM)
            held.execute("ROLLBACK")
        ended_well(supervisor, "worker")
        return CurrentFare.objects.filter(booking_id=booking, version=1).exists()
    finally:
        supervisor.stop("worker")


_SOMEBODY_WAITS = """
SELECT 1 FROM pg_locks WHERE relation = 'projection.current_fare'::regclass AND NOT granted
"""


def until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)
