"""Imports and exports as Celery's own workers carry them on, also after `kill -9` of one in the middle."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from events import history, tasks
from events.transfers import beginning
from events.transfers.counts import READ, Counts
from events.transfers.export_filter import LedgerFilter
from events.transfers.models import Transfer
from farehistory.embedded.supervisor import Supervisor
from tests.builders import given, set_
from tests.events.transfers import runs

ROWS = (10_000, 40_000)
"""A second or more of work, so that the worker is killed in the middle of it; where the machine had other things to do
than to look in time, once more with more of it."""


def until(is_so: Callable[[], bool], worker: Supervisor, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        worker.keep_up()
        time.sleep(0.02)


def is_in(run: Transfer, *states: str) -> Callable[[], bool]:
    return lambda: runs.again(run).state in states


@pytest.mark.long  # it is taken up only once its worker has been silent for half a minute
@pytest.mark.timeout(600)
def test_an_import_whose_worker_is_killed_loses_and_doubles_nothing(worker: Supervisor) -> None:
    for rows in ROWS:
        news = runs.bookings(rows // 2)
        run = killed_in_the_middle(news, worker)
        if run.state == Transfer.State.RUNNING:
            break
    assert run.state == Transfer.State.RUNNING
    process = worker.process("worker")
    until(lambda: process.alive() and process.service.ready(), worker)
    # As after half a minute without a sign of life: the sweep takes it up.
    Transfer.objects.filter(pk=run.pk).update(moved_at=timezone.now() - timedelta(minutes=1))
    until(is_in(run, "done", "failed"), worker, 180)

    run = runs.again(run)
    counts = Counts.of(run.counts)
    assert run.error == ""
    assert [counts.rows(each) for each in (READ, "imported", "replayed", "refused")] == [rows, rows, 0, 0]
    assert (run.rows, counts.events) == (rows, rows)
    for booking in news[::500]:
        assert [event.version for event in history.events_of(booking)] == [1, 2]
    connections.close_all()


def killed_in_the_middle(news: list[str], worker: Supervisor) -> Transfer:
    """An import of these bookings, as it is after the worker was killed that had begun it."""
    lines = [runs.line(each) for each in news] + [runs.line(each, "ADD", "1.00") for each in news]
    run = runs.checking(runs.jsonl(lines))
    tasks.hand_over(run)
    until(is_in(run, "checked"), worker)
    beginning.confirm(run, runs.asked_by())
    tasks.hand_over(run)
    until(lambda: runs.again(run).rows > 0, worker)
    worker.process("worker").kill()
    worker.process("worker").end_group()  # and what carried the import out
    return runs.again(run)


@pytest.mark.timeout(200)
def test_a_long_export_is_written_by_a_worker(worker: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.transfers.limits.DIRECT_EVENTS", 0)
    booking = given(set_("14.00"))
    run = runs.export(LedgerFilter(booking_id=booking))
    tasks.hand_over(run)
    until(is_in(run, "done", "failed"), worker)
    assert runs.again(run).rows == 1
    assert booking in runs.content(run)


def test_tasks_wait_in_the_queue_of_what_takes_long() -> None:
    from farehistory.celery import app

    for task in (tasks.go_on, tasks.take_runs_up, tasks.remove_old_files):
        assert app.conf.task_routes[task.name] == {"queue": "maintenance"}
        assert task.acks_late
