"""`kill -9` of any process while services append: every acknowledged event is there, and the view catches up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from django.db import OperationalError, connection, connections

from events import history
from farehistory.embedded.supervisor import Supervisor
from projections import runner
from projections.projectors import PROJECTORS
from projections.proof import prove
from tests.api_client import Api, new_event
from tests.builders import new_booking_id
from tests.threads import meanwhile

SERVICES = 4


@dataclass
class Appender:
    """A service that appends without pause, and sends the same again until it hears an answer."""

    client: httpx.Client
    booking: str = field(default_factory=new_booking_id)
    acknowledged: list[tuple[str, int]] = field(default_factory=list)
    unheard: int = 0

    def run(self, stop: threading.Event) -> None:
        self.send(new_event())
        while not stop.is_set():
            self.send(
                new_event(type="ADD", component="toll", amount="0.01", expected_version="any", currency=...)
            )

    def send(self, body: dict[str, object]) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                answer = self.client.post(f"/api/v1/fares/{self.booking}/events", json=body)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code in (200, 201):
                self.acknowledged.append((str(body["transaction_id"]), answer.json()["version"]))
                return
            assert answer is None or answer.status_code == 503, answer.text
            self.unheard += 1
            time.sleep(0.05)
        raise AssertionError(f"{body} was not acknowledged within a minute")


@contextmanager
def appending(web: str) -> Iterator[list[Appender]]:
    key = Api.of("toll").key
    with httpx.Client(base_url=web, headers={"Authorization": f"Bearer {key}"}, timeout=10) as client:
        appenders = [Appender(client) for _ in range(SERVICES)]
        with meanwhile([appender.run for appender in appenders]):
            yield appenders


@pytest.mark.parametrize(
    "kills", [pytest.param(1, id="once"), pytest.param(2, id="twice", marks=pytest.mark.long)]
)
@pytest.mark.parametrize(
    "victim",
    # A worker is killed in test_workers_go_on.py, too, with all its messages.
    ["postgres", "valkey", pytest.param("worker", marks=pytest.mark.long), "beat", "web"],
)
def test_what_was_acknowledged_is_there_after_a_kill(
    web: str, worker: Supervisor, victim: str, kills: int
) -> None:
    try:
        worker.process(victim)
    except KeyError:
        pytest.skip(f"{victim} is a given service of this run, not ours to kill")
    with appending(web) as appenders:
        for _ in range(kills):
            until_each_is_heard_again(appenders)
            worker.process(victim).kill()
            worker.watch(until=ready_again(worker, victim))
        until_each_is_heard_again(appenders)

    connections.close_all()  # they may be to the server that was killed
    for appender in appenders:
        stored = {str(event.transaction_id): event.version for event in history.events_of(appender.booking)}
        assert stored == dict(appender.acknowledged)
        assert sorted(stored.values()) == list(range(1, len(stored) + 1))
    if victim in ("postgres", "web"):
        assert sum(appender.unheard for appender in appenders) > 0
    wait_until_the_view_has_caught_up(worker)
    assert prove().holds


def until_each_is_heard_again(appenders: list[Appender], times: int = 5) -> None:
    deadline = time.monotonic() + 60
    before = [len(appender.acknowledged) for appender in appenders]
    while any(len(one.acknowledged) < many + times for one, many in zip(appenders, before, strict=True)):
        assert time.monotonic() < deadline, "the services are not heard"
        time.sleep(0.02)


def ready_again(worker: Supervisor, victim: str) -> Callable[[], bool]:
    deadline = time.monotonic() + 60
    process = worker.process(victim)

    def ready() -> bool:
        assert time.monotonic() < deadline, f"{victim} did not come back"
        return process.alive() and process.service.ready()

    return ready


def wait_until_the_view_has_caught_up(worker: Supervisor, seconds: float = 60) -> None:
    """By the worker and beat alone: nothing is drained by hand."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        worker.keep_up()
        try:
            if not any(runner.lagging(projector) for projector in PROJECTORS if projector.live):
                return
        except OperationalError:
            connection.close()
        time.sleep(0.1)
    raise AssertionError("the view did not catch up by itself")
