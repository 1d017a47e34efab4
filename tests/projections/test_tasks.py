"""What a worker does with a message: the rest goes on where one thing fails, and a message twice is one effect."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from events import history
from events.partitions import partition_of
from projections import checkpoints, leases, rebuild, runner, standing_faults, tasks
from projections.models import CurrentFare, Rebuild
from projections.projector import Page, Projector
from projections.projectors import PROJECTORS
from projections.proof import prove
from projections.standing_faults import StandingFaults
from tests.builders import add, append, given, set_
from tests.faults import killed_at_each_step
from tests.threads import together


class Moody(Projector):
    """A consumer that fails, or is slow, as it is told."""

    name = "moody"
    page_events = 1

    def __init__(self, name: str = "moody") -> None:
        self.name = name  # type: ignore[misc]
        self.error: Exception | None = None
        self.seconds = 0.0
        self.pages: list[Page] = []

    def apply(self, page: Page) -> None:
        time.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        self.pages.append(page)


@pytest.fixture
def moody(monkeypatch: pytest.MonkeyPatch) -> Iterator[Moody]:
    """One more projection, moved before all others and known to this test alone."""
    projector = Moody(f"moody-{uuid4().hex[:8]}")
    checkpoints.ensure(projector)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE projection.checkpoint AS c SET position = coalesce((SELECT max(position) FROM ledger.fare_event"
            " AS e WHERE e.partition = c.partition), 0) WHERE projection = %s",
            [projector.name],
        )
    monkeypatch.setattr(tasks, "PROJECTORS", (projector, *PROJECTORS))
    yield projector
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM projection.checkpoint WHERE projection = %s", [projector.name])


@pytest.fixture(autouse=True)
def _no_faults_are_remembered() -> Iterator[None]:
    tasks._faults._faults.clear()
    yield
    tasks._faults._faults.clear()


def test_a_projection_that_fails_does_not_stop_the_others(
    moody: Moody, caplog: pytest.LogCaptureFixture
) -> None:
    moody.error = ValueError("in a bad mood")
    booking = given(set_("14.00"))
    with pytest.raises(tasks.ProjectionsStopped, match=moody.name):
        tasks.drain(partitions=[partition_of(booking)])
    assert CurrentFare.objects.get(booking_id=booking).version == 1
    with pytest.raises(tasks.ProjectionsStopped):
        tasks.sweep()
    [record] = [record for record in caplog.records if record.name == "projections.tasks"]
    assert moody.name in record.getMessage()
    assert record.exc_info is not None


def test_what_was_moved_is_told_in_one_line_and_nothing_where_nothing_was(
    moody: Moody, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    """Also where another projection fails; not where requests are not told either."""
    settings.FAREHISTORY_ACCESS_LOG = True
    booking = given(set_("14.00"), add("toll", "1.00"))
    tasks.sweep()
    caplog.clear()
    with caplog.at_level(logging.INFO, "projections.tasks"):
        tasks.sweep()
        tasks.drain(partitions=[partition_of(booking)])
        assert caplog.records == []
        append(booking, add("toll", "1.00"))
        moody.error = ValueError("in a bad mood")
        with pytest.raises(tasks.ProjectionsStopped):
            tasks.drain(partitions=[partition_of(booking)])
        [told] = [record for record in caplog.records if record.levelno == logging.INFO]
        assert told.fields["moved"]["current_fare"] == 1  # type: ignore[attr-defined]
        assert "current_fare by 1" in told.getMessage() and moody.name not in told.getMessage()
        settings.FAREHISTORY_ACCESS_LOG = False
        caplog.clear()
        append(booking, add("toll", "1.00"))
        moody.error = None
        tasks.drain(partitions=[partition_of(booking)])
    assert "moved" not in caplog.text


def test_a_projection_that_failed_goes_on_from_where_it_was(
    moody: Moody, caplog: pytest.LogCaptureFixture
) -> None:
    moody.error = ValueError("in a bad mood")
    booking = given(set_("14.00"), add("toll", "1.00"))
    with pytest.raises(tasks.ProjectionsStopped):
        tasks.sweep()
    moody.error = None
    with caplog.at_level(logging.INFO, "projections.tasks"):
        tasks.drain(partitions=[partition_of(booking)])
    assert [page.upto - page.after for page in moody.pages] == [1, 1]
    assert f"{moody.name} works again" in caplog.text


def test_a_fault_that_lasts_is_told_once_a_minute_and_a_new_kind_at_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(standing_faults.time, "monotonic", lambda: clock[0])
    faults = StandingFaults(logging.getLogger("test"))
    for clock[0] in range(0, 121, 2):
        faults.note("it", ValueError("no"))
    assert [record.getMessage() for record in caplog.records] == [
        "it failed: no",
        "it still fails, 31 times so far: no",
        "it still fails, 61 times so far: no",
    ]
    faults.note("it", OSError("away"))
    assert caplog.records[-1].getMessage() == "it failed: away"
    assert caplog.records[-1].exc_info is None


def test_a_long_backlog_is_moved_by_several_short_tasks(
    moody: Moody, monkeypatch: pytest.MonkeyPatch
) -> None:
    moody.seconds = 0.05
    monkeypatch.setattr(tasks, "SHARE_SECONDS", 0.2)
    woken: list[int] = []
    monkeypatch.setattr(tasks.wakeup, "wake", lambda some, *_: woken.extend(some))
    booking = given(set_("14.00"), *(add("toll", "1.00") for _ in range(9)))
    partition = partition_of(booking)
    woken.clear()
    rounds = 0
    while rounds == 0 or woken:
        woken.clear()
        tasks.drain(partitions=[partition])
        assert woken in ([], [partition])
        assert CurrentFare.objects.get(booking_id=booking).version == 10
        rounds += 1
    assert rounds >= 3
    assert len(moody.pages) == 10


def test_a_message_delivered_twice_and_many_at_once_are_one_effect() -> None:
    booking = given(set_("14.00"), *(add("toll", "1.00") for _ in range(30)))
    partition = partition_of(booking)
    together([lambda: tasks.drain(partitions=[partition])] * 4)
    tasks.drain(partitions=[partition])
    head, view = history.head_of(booking), CurrentFare.objects.get(booking_id=booking)
    assert head is not None
    assert (view.version, view.fare, view.breakdown) == (31, head.fare, dict(head.components))
    assert prove().holds


def test_an_older_worker_survives_arguments_that_it_does_not_know() -> None:
    booking = given(set_("14.00"))
    tasks.drain(partitions=[partition_of(booking)], urgency="high")
    tasks.sweep(reason="because")
    assert CurrentFare.objects.get(booking_id=booking).version == 1


def sent_to_drive(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What messages would drive rebuilds: nobody consumes them here."""
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.rebuild, "apply_async", lambda **options: sent.append(options))
    return sent


def deliver(message: dict[str, Any]) -> None:
    tasks.rebuild.apply(kwargs=message["kwargs"], task_id=message["task_id"], throw=True)


@pytest.fixture
def nothing_is_rebuilt() -> Iterator[None]:
    """No rebuild of daily totals is at work, before and after."""

    def end() -> None:
        current = rebuild.unfinished("daily_totals")
        if current is not None:
            rebuild.cancel(current.pk, by="test")

    end()
    yield
    end()


@pytest.mark.usefixtures("nothing_is_rebuilt")
def test_a_scheduled_rebuild_that_is_delivered_again_after_its_end_begins_no_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = sent_to_drive(monkeypatch)
    request = f"beat:rebuild-daily-totals:{uuid4().hex}"
    for _ in range(2):
        tasks.start_rebuild.apply(
            kwargs={"projection": "daily_totals"},
            headers={"request_id": request, "actor": "schedule"},
            throw=True,
        )
        while sent:
            deliver(sent.pop())
    [run] = Rebuild.objects.filter(request_id=request)
    assert (run.state, run.requested_by) == ("done", "schedule")


@pytest.mark.usefixtures("nothing_is_rebuilt")
def test_one_chain_of_messages_drives_a_rebuild_however_often_they_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = sent_to_drive(monkeypatch)
    monkeypatch.setattr(tasks, "STEP_SECONDS", 0.0)
    tasks.start_rebuild.apply(kwargs={"projection": "daily_totals"}, throw=True)
    for _ in range(3):
        tasks._take_rebuilds_up()
    [first] = sent
    sent.clear()
    deliver(first)
    [second] = sent
    deliver(first)  # again, though the chain is further
    tasks._take_rebuilds_up()
    assert sent == [second]
    deliver(second)
    assert len(sent) == 2


@pytest.mark.usefixtures("nothing_is_rebuilt")
def test_a_rebuild_for_another_version_is_left_to_workers_that_run_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = rebuild.start("daily_totals")
    Rebuild.objects.filter(pk=run.pk).update(version="another")
    sent = sent_to_drive(monkeypatch)
    tasks._take_rebuilds_up()
    tasks.rebuild.apply(kwargs={"rebuild_id": str(run.pk)}, throw=True)
    assert sent == []
    assert not rebuild.get(run.pk).finished
    rebuild.cancel(run.pk, "a test")


@pytest.mark.usefixtures("nothing_is_rebuilt")
def test_a_rebuild_whose_driver_is_gone_is_taken_up_by_a_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = sent_to_drive(monkeypatch)
    tasks.start_rebuild.apply(kwargs={"projection": "daily_totals"}, throw=True)
    [lost] = sent
    sent.clear()
    leases.let_go(f"rebuild:{lost['kwargs']['rebuild_id']}", lost["task_id"])  # as when it runs out
    tasks.sweep()
    [again] = sent
    assert again["kwargs"] == lost["kwargs"]
    monkeypatch.undo()
    deliver(again)
    assert Rebuild.objects.get(pk=lost["kwargs"]["rebuild_id"]).state == "done"


@pytest.mark.parametrize(
    "every", [pytest.param(4, id="sampled"), pytest.param(1, id="all", marks=pytest.mark.long)]
)
def test_a_worker_killed_at_any_statement_of_a_drain_loses_and_doubles_nothing(every: int) -> None:
    booking = given(set_("14.00"))
    partition = partition_of(booking)
    number = 1
    for _ in killed_at_each_step(f"{__name__}:drained", str(partition), every=every):
        append(booking, add("toll", "0.01"))
        number += 1
    assert number > 20 / every
    tasks.sweep()
    head, view = history.head_of(booking), CurrentFare.objects.get(booking_id=booking)
    assert head is not None
    assert (view.version, view.fare, view.breakdown) == (number, head.fare, dict(head.components))
    assert not any(partition in runner.lagging(one) for one in PROJECTORS if one.live)
    assert prove().holds


def drained(partition: str) -> None:
    """What a child does, about to die."""
    tasks.drain(partitions=[int(partition)])
