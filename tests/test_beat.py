"""However many beats run, each scheduled slot's task is sent once; and what is edited takes effect and stays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import redis
from celery import current_app
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks
from django_celery_beat.tzcrontab import TzAwareCrontab
from redis.backoff import NoBackoff
from redis.retry import Retry

from farehistory.beat import SlotScheduler
from farehistory.demo import processes
from farehistory.embedded.supervisor import Supervisor
from farehistory.slots import SILENT_AFTER, Slot
from projections import leases
from tests.messages import OwnQueue

_beats: list[SlotScheduler] = []


@pytest.fixture(autouse=True)
def _no_schedule_is_left() -> Iterator[None]:
    before = set(PeriodicTask.objects.values_list("pk", flat=True))
    yield
    for beat in _beats:
        beat._dirty.clear()
    _beats.clear()
    PeriodicTask.objects.exclude(pk__in=before).delete()
    PeriodicTasks.update_changed()


def scheduled(queue: OwnQueue, *, crontab: str = "", seconds: int = 0, **fields: object) -> PeriodicTask:
    """A schedule whose messages go to a queue of their own; `crontab` is minute and hour."""
    if crontab:
        minute, hour = crontab.split()
        fields["crontab"] = CrontabSchedule.objects.create(minute=minute, hour=hour)
    else:
        fields["interval"] = IntervalSchedule.objects.create(every=seconds, period="seconds")
    return PeriodicTask.objects.create(
        name=f"of {queue.name}", task="tests.nothing", queue=queue.name, **fields
    )


def ticked(scheduler: SlotScheduler) -> None:
    """The scheduler does all that is due now."""
    while scheduler.tick() == 0:
        pass


def a_beat() -> SlotScheduler:
    """A beat that has just been started, in this process."""
    _beats.append(SlotScheduler(app=current_app._get_current_object()))
    return _beats[-1]


def a_moment_ago() -> tuple[str, datetime]:
    """A crontab of the minute that has just begun, and a time before it."""
    now = datetime.now(UTC)
    return f"{now.minute} {now.hour}", now - timedelta(minutes=2)


@contextmanager
def beats(supervisor: Supervisor, *names: str) -> Iterator[None]:
    """Beats in processes of their own."""
    supervisor.start(*(replace(processes.beat(), name=name) for name in names))
    try:
        yield
    finally:
        supervisor.stop(*names)


def test_a_crontabs_slot_is_sent_by_one_of_two_beats() -> None:
    queue, (crontab, before) = OwnQueue(), a_moment_ago()
    scheduled(queue, crontab=crontab, last_run_at=before)
    one, other = a_beat(), a_beat()
    assert one.schedule.keys() == other.schedule.keys()  # both have read it before either sends
    ticked(one)
    ticked(other)
    ticked(one)
    assert len(queue.messages()) == 1


def test_a_slot_is_not_sent_again_by_a_beat_that_was_killed_before_it_wrote_that_it_ran() -> None:
    queue, (crontab, before) = OwnQueue(), a_moment_ago()
    task = scheduled(queue, crontab=crontab, last_run_at=before)
    ticked(a_beat())
    PeriodicTask.objects.filter(pk=task.pk).update(last_run_at=before)  # as if it had not been written
    ticked(a_beat())
    assert len(queue.messages()) == 1


def test_a_moment_that_was_missed_by_more_than_an_hour_waits_for_the_next() -> None:
    queue, long_ago = OwnQueue(), datetime.now(UTC) - timedelta(minutes=90)
    scheduled(
        queue, crontab=f"{long_ago.minute} {long_ago.hour}", last_run_at=long_ago - timedelta(minutes=5)
    )
    ticked(a_beat())
    assert queue.messages() == []


def test_every_beat_and_every_delivery_of_a_crontabs_slot_carries_the_same_request_id() -> None:
    nightly = TzAwareCrontab(minute="10", hour="3", tz=UTC)
    at = datetime(2026, 3, 1, 3, 10, 0, 300, tzinfo=UTC)
    ids = {
        Slot.of("rebuild current_fare", nightly, at + late).request_id
        for late in (timedelta(0), timedelta(seconds=59), timedelta(minutes=50))
    }
    assert ids == {"beat:rebuild-current_fare:20260301T031000Z"}


def test_a_slot_follows_the_crontabs_time_zone_over_a_change_of_the_clocks() -> None:
    berlin = TzAwareCrontab(minute="10", hour="4", tz=ZoneInfo("Europe/Berlin"))
    winter, summer = datetime(2026, 3, 28, 3, 11, tzinfo=UTC), datetime(2026, 3, 29, 2, 11, tzinfo=UTC)
    assert Slot.of("x", berlin, winter).at == datetime(2026, 3, 28, 3, 10, tzinfo=UTC)
    assert Slot.of("x", berlin, summer).at == datetime(2026, 3, 29, 2, 10, tzinfo=UTC)


def test_without_redis_every_beat_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The claims are hints: a task that comes twice does no harm, one that never comes would."""
    monkeypatch.setattr(leases, "_redis", lambda: redis.Redis(port=1, retry=Retry(NoBackoff(), 0)))
    queue, (crontab, before) = OwnQueue(), a_moment_ago()
    task = scheduled(queue, crontab=crontab, last_run_at=before)
    ticked(a_beat())
    PeriodicTask.objects.filter(pk=task.pk).update(last_run_at=before)
    ticked(a_beat())
    assert len(queue.messages()) == 2


def test_beats_tasks_carry_ids_of_their_own_and_say_that_the_schedule_caused_them() -> None:
    queue, (crontab, before) = OwnQueue(), a_moment_ago()
    task = scheduled(queue, crontab=crontab, last_run_at=before)
    ticked(a_beat())
    [headers] = queue.messages()
    assert headers["request_id"].startswith(f"beat:{task.name.replace(' ', '-')}:")
    assert headers["actor"] == "schedule"


def test_what_beat_writes_of_a_run_leaves_an_edit_alone() -> None:
    queue = OwnQueue()
    task = scheduled(queue, seconds=3600, last_run_at=timezone.now() - timedelta(hours=2))
    beat = a_beat()
    ticked(beat)
    beat._dirty.add(task.name)
    PeriodicTask.objects.filter(pk=task.pk).update(description="edited meanwhile", enabled=False)
    with CaptureQueriesContext(connection) as queries:
        beat.sync()
    assert queries.captured_queries
    for query in queries.captured_queries:  # a whole row, read and written, could undo an edit in between
        assert '"description"' not in query["sql"]
    task.refresh_from_db()
    assert (task.description, task.enabled, task.total_run_count) == ("edited meanwhile", False, 1)
    assert task.last_run_at > timezone.now() - timedelta(minutes=1)


def test_an_edit_right_after_the_schedules_were_read_is_seen() -> None:
    queue = OwnQueue()
    task = scheduled(queue, seconds=3600)
    beat = a_beat()
    ticked(beat)
    task.interval = IntervalSchedule.objects.create(every=1, period="seconds")
    task.last_run_at = timezone.now() - timedelta(seconds=5)
    task.save()
    ticked(beat)
    assert len(queue.messages()) == 1


def test_an_interval_that_is_edited_does_not_wait_for_the_old_one() -> None:
    queue = OwnQueue()
    task = scheduled(queue, seconds=3600, last_run_at=timezone.now() - timedelta(hours=2))
    one, other = a_beat(), a_beat()
    ticked(one)
    task.interval = IntervalSchedule.objects.create(every=1, period="seconds")
    task.last_run_at = timezone.now() - timedelta(seconds=5)
    task.save()
    ticked(other)
    assert len(queue.messages()) == 2


@pytest.mark.long
def test_while_postgresql_is_away_beat_goes_on_with_what_it_knows(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    queue = OwnQueue()
    scheduled(queue, seconds=1, last_run_at=timezone.now() - timedelta(minutes=1))
    beat = a_beat()
    ticked(beat)
    with monkeypatch.context() as away:
        away.setattr(beat.Changes, "last_change", _away)
        beat._last_full_sync -= timedelta(hours=1)  # so that it reads all anew
        for _ in range(20):
            beat.tick()
            time.sleep(0.1)
    assert 2 <= len(queue.messages()) <= 4
    assert [record.exc_info for record in caplog.records if record.name == "farehistory.beat"] == [None] * 2
    later = OwnQueue()
    scheduled(later, seconds=1, last_run_at=timezone.now() - timedelta(minutes=1))
    ticked(beat)
    assert len(later.messages()) == 1


def _away() -> None:
    raise OperationalError("PostgreSQL is away")


def test_a_beat_whose_database_is_away_from_the_start_reads_the_schedules_once_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = OwnQueue()
    scheduled(queue, seconds=60, last_run_at=timezone.now() - timedelta(hours=1))
    with monkeypatch.context() as away:
        away.setattr(SlotScheduler.Changes, "last_change", _away)
        beat = a_beat()
        beat.tick()
    assert queue.messages() == []
    ticked(beat)
    assert len(queue.messages()) == 1


def test_two_beats_send_an_intervals_task_as_often_as_one() -> None:
    queue = OwnQueue()
    scheduled(queue, seconds=1, last_run_at=timezone.now() - timedelta(minutes=1))
    one, began = a_beat(), time.monotonic()
    ticked(one)
    time.sleep(0.5)
    other = a_beat()
    while len(queue.messages()) < 3:
        assert time.monotonic() < began + 60
        other.tick()
        one.tick()
        time.sleep(0.05)
    sent = len(queue.messages())  # more than three where a tick took long
    assert time.monotonic() - began >= (sent - 1) * SILENT_AFTER


@pytest.mark.long
def test_two_beats_send_as_many_as_one_and_one_alone_leaves_nothing_out(supervisor: Supervisor) -> None:
    queue = OwnQueue()
    scheduled(queue, seconds=1)
    with beats(supervisor, "beat-1"):
        queue.arrivals(3)  # its start
        alone = queue.arrivals(6)
        assert 5 <= len(alone) <= 7
        assert all(0.8 < gap < 1.6 for gap in gaps(alone)), gaps(alone)
        with beats(supervisor, "beat-2"):
            queue.arrivals(3)
            both = queue.arrivals(8)
            assert 6 <= len(both) <= 9
            assert all(0.8 < gap < 1.6 for gap in gaps(both)), gaps(both)
            supervisor.process("beat-1").kill()
            other = queue.arrivals(4)
            assert 2 <= len(other) <= 5
            assert max(gaps([0.0, *other])) < 2.5


def gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]


@pytest.mark.long
def test_a_schedule_edited_while_beat_runs_takes_effect_within_seconds(supervisor: Supervisor) -> None:
    queue = OwnQueue()
    task = scheduled(queue, seconds=3600)
    with beats(supervisor, f"beat-{uuid4().hex[:4]}"):
        assert queue.arrivals(2) == []
        task.interval = IntervalSchedule.objects.create(every=1, period="seconds")
        task.save()
        assert len(queue.arrivals(4)) >= 2
        task.enabled = False
        task.save()
        queue.arrivals(1.5)
        assert queue.arrivals(2.5) == []
