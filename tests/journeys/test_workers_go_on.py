"""Whatever happens to workers, Redis and messages while services append: nothing is lost, doubled, or stuck for longer
than the sweep's interval once all is back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import psutil
import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db import OperationalError, connection, connections
from django.test import Client
from django_celery_beat.models import PeriodicTask

from events import history
from events.partitions import partition_of
from farehistory.embedded.supervisor import Supervisor
from projections import checkpoints, runner
from projections.models import CurrentFare
from projections.projector import Projector
from projections.projectors import PROJECTORS
from projections.proof import prove
from tests.builders import add, append, given, new_booking_id, set_
from tests.staff import staff
from tests.threads import meanwhile

STANDSTILL_SECONDS = settings.FAREHISTORY_SWEEP_SECONDS + 15.0
"""The longest that a projection which is behind may stand where it is: the sweep's interval, and what a slow machine
with other work on it takes for one page. How long the moving takes in all is the machine's affair."""


@contextmanager
def appends() -> Iterator[list[str]]:
    """Two services append in the background, at some dozens of events a second; yields their bookings."""
    bookings = [new_booking_id() for _ in range(6)]

    def run(mine: list[str], stop: threading.Event) -> None:
        for booking in mine:
            append(booking, set_("14.00"))
        while not stop.wait(0.03):
            for booking in mine:
                append(booking, add("toll", "0.01"))

    with meanwhile([partial(run, bookings[start::2]) for start in range(2)]):
        yield bookings


def catches_up(supervisor: Supervisor) -> None:
    """Every live projection comes to the logs' ends, by worker and beat alone, and none stands still on its way."""
    moved: dict[str, tuple[object, float]] = {}
    while found := behind():
        supervisor.keep_up()
        now = time.monotonic()
        for name, place in found.items():
            before, since = moved.get(name, (None, now))
            assert place != before or now - since < STANDSTILL_SECONDS, f"{name} stands at {place}"
            if place != before:
                moved[name] = place, now
        time.sleep(0.05)


def behind() -> dict[str, object]:
    """The live projections that are not at the logs' ends, with their places in what they lack; or that it is not
    known."""
    try:
        lacking = {one: runner.lagging(one) for one in PROJECTORS if one.live}
        return {one.name: places(one, partitions) for one, partitions in lacking.items() if partitions}
    except (OperationalError, redis.RedisError):
        connection.close()
        return {"all": "an unknown place"}


def places(one: Projector, partitions: list[int]) -> dict[int, int]:
    at = one.positions(checkpoints.positions(one.name))
    return {partition: at.get(partition, 0) for partition in partitions}


def nothing_is_lost_or_doubled(bookings: list[str]) -> None:
    for booking in bookings:
        head, view = history.head_of(booking), CurrentFare.objects.get(booking_id=booking)
        assert head is not None
        assert (view.version, view.fare, view.breakdown) == (head.version, head.fare, dict(head.components))
    assert prove().holds


def pool(supervisor: Supervisor) -> list[psutil.Process]:
    """The processes that carry the worker's tasks out."""
    main = psutil.Process(supervisor.process("worker").pid)
    return [child for child in main.children(recursive=True) if child.children() == []]


@contextmanager
def frozen(processes: list[psutil.Process]) -> Iterator[None]:
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


def until(supervisor: Supervisor, what: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        supervisor.keep_up()
        time.sleep(0.05)


def broker(supervisor: Supervisor) -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)


def test_processes_of_the_pool_are_killed_one_after_another(worker: Supervisor) -> None:
    main = worker.process("worker").pid
    with appends() as bookings:
        for _ in range(4):
            time.sleep(0.5)
            pool(worker)[0].kill()
    catches_up(worker)
    assert worker.process("worker").pid == main
    nothing_is_lost_or_doubled(bookings)


@pytest.mark.parametrize(
    "kills", [pytest.param(1, id="once"), pytest.param(2, id="twice", marks=pytest.mark.long)]
)
def test_the_worker_is_killed_with_all_its_messages(worker: Supervisor, kills: int) -> None:
    with appends() as bookings:
        for _ in range(kills):
            time.sleep(1)
            worker.process("worker").kill()
            until(worker, worker.process("worker").alive)
        until(worker, worker.process("worker").service.ready)
    catches_up(worker)
    nothing_is_lost_or_doubled(bookings)


def test_redis_forgets_everything_in_the_middle_of_traffic(worker: Supervisor) -> None:
    with broker(worker) as server, appends() as bookings:
        for _ in range(3):
            time.sleep(0.7)
            server.flushall()
        time.sleep(0.5)
        server.flushall()
    catches_up(worker)
    nothing_is_lost_or_doubled(bookings)
    booking = given(set_("14.00"))
    catches_up(worker)
    assert CurrentFare.objects.get(booking_id=booking).version == 1


@pytest.mark.long
def test_redis_is_frozen_for_a_while(worker: Supervisor) -> None:
    try:
        server = psutil.Process(worker.process("valkey").pid)
    except KeyError:
        pytest.skip("Redis is a given service of this run, not ours to freeze")
    with appends() as bookings:
        time.sleep(0.5)
        server.suspend()
        time.sleep(7)  # longer than the broker connections' time limit
        server.resume()
    catches_up(worker)
    nothing_is_lost_or_doubled(bookings)


def test_messages_come_twice_at_once_and_again_later(worker: Supervisor) -> None:
    def send(bookings: list[str]) -> None:
        partitions = sorted({partition_of(booking) for booking in bookings})
        current_app.send_task("projections.drain", kwargs={"partitions": partitions})

    with appends() as bookings:
        for _ in range(20):
            time.sleep(0.1)
            send(bookings)
            send(bookings)
    catches_up(worker)
    send(bookings)
    current_app.send_task("projections.sweep")
    nothing_is_lost_or_doubled(bookings)


def test_what_a_person_runs_by_hand_can_be_followed_in_the_workers_log(worker: Supervisor) -> None:
    row = PeriodicTask.objects.get(name="sweep projections")
    person = staff("operator")
    client = Client()
    client.force_login(person)
    client.post(
        "/admin/django_celery_beat/periodictask/",
        {"action": "run_tasks", "_selected_action": [row.pk]},
        headers={"X-Request-ID": "by-hand-2"},
    )
    line = f"[by-hand-2] projections.sweep on behalf of {person.username}"
    until(worker, lambda: line in worker.process("worker").log.read_text())


def test_redis_is_killed_while_one_task_is_carried_out_and_the_worker_asks_for_another(
    worker: Supervisor,
) -> None:
    try:
        server = worker.process("valkey")
    except KeyError:
        pytest.skip("Redis is a given service of this run, not ours to kill")
    log = worker.process("worker").log
    for _ in range(2):
        seen = len(log.read_text())
        with frozen(pool(worker)[:1]):
            for _ in range(2):  # one for each process of the pool
                current_app.send_task("projections.drain", kwargs={"partitions": [0]})
                time.sleep(0.15)
            time.sleep(0.3)
            server.kill()
            time.sleep(0.3)
        server.start()
        server.wait_until_ready()
        booking = given(set_("14.00"))
        until(worker, lambda seen=seen: "Connected to" in log.read_text()[seen:])
        assert "Unrecoverable error" not in log.read_text()[seen:]
        catches_up(worker)
        nothing_is_lost_or_doubled([booking])


@pytest.mark.long
@pytest.mark.parametrize("server", ["valkey", "postgres"])
def test_a_server_is_away_for_a_while_and_worker_and_beat_go_on_by_themselves(
    worker: Supervisor, server: str
) -> None:
    try:
        away = worker.process(server)
    except KeyError:
        pytest.skip(f"{server} is a given service of this run, not ours to stop")
    processes = [worker.process(name).pid for name in ("worker", "beat")]
    booking = given(set_("14.00"))
    connections.close_all()
    away.stop()
    if server == "valkey":
        append(booking, add("toll", "1.00"))
    time.sleep(10)
    away.start()
    away.wait_until_ready()
    append(booking, add("toll", "1.00"))
    catches_up(worker)
    assert [worker.process(name).pid for name in ("worker", "beat")] == processes
    nothing_is_lost_or_doubled([booking])
