"""Whether anything moves by itself is said: a worker that is away is not taken for a ledger at rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from projections import leases, tasks
from projections.admin.clockwork import Clockwork
from projections.admin.dashboard import card, drift_check, feed_lag
from projections.admin.dashboard.card import Asked
from tests.projections.admin.pages import PROJECTIONS, text_of
from tests.staff import signed_in, staff


def after(seconds: float) -> Clockwork:
    return Clockwork.read(timezone.now() + timedelta(seconds=seconds))


@contextmanager
def schedule(task: str, **changed: object) -> Iterator[None]:
    """A schedule that was edited meanwhile."""
    one = PeriodicTask.objects.get(task=task)
    before = {name: getattr(one, name) for name in changed}
    PeriodicTask.objects.filter(pk=one.pk).update(**changed)
    try:
        yield
    finally:
        PeriodicTask.objects.filter(pk=one.pk).update(**before)


@pytest.fixture(autouse=True)
def fresh() -> None:
    """A worker has swept just now, and no card is remembered."""
    leases.note_alive(tasks.SWEEP)
    card.forget()


def test_a_sweep_says_that_all_that_sweeps_is_at_work() -> None:
    _redis().delete(f"{settings.REDIS_PREFIX}alive:{tasks.SWEEP}")
    assert after(0).fault.startswith("No worker has been seen yet.")
    tasks.sweep()
    assert after(30).fault == ""


def test_without_sweeps_the_page_and_the_card_say_so_though_no_event_waits(operator: Client) -> None:
    _redis().set(
        f"{settings.REDIS_PREFIX}alive:{tasks.SWEEP}", (timezone.now() - timedelta(minutes=3)).isoformat()
    )
    assert "No worker was seen for 3 min. See whether worker, beat and broker run." in text_of(
        operator.get(PROJECTIONS)
    )
    found = feed_lag.compute(Asked(staff("operator")))
    assert (found.mood, found.verdict[:27]) == ("drift", "No worker was seen for 3 mi")


def test_sweeps_that_are_seldom_by_their_schedule_are_not_missed() -> None:
    seldom, _made = IntervalSchedule.objects.get_or_create(every=5, period="minutes")
    with schedule("projections.sweep", interval=seldom):
        assert after(600).fault == ""
        assert after(1000).fault != ""


def test_a_sweep_that_is_switched_off_is_told() -> None:
    with schedule("projections.sweep", enabled=False):
        assert after(0).fault.startswith("Nothing is swept, since the schedule is off")
        assert "sweep projections" in after(0).off_text


def test_other_schedules_that_are_off_are_named_but_no_fault(operator: Client) -> None:
    """To do without one, it is switched off: that is nothing to be alarmed about."""
    with schedule("projections.archive", enabled=False):
        assert after(0).fault == ""
        assert "Schedules switched off: archive the ledger" in text_of(operator.get(PROJECTIONS))


def test_the_schedule_that_takes_imports_and_exports_up_is_named_too(operator: Client) -> None:
    with schedule("events.take_runs_up", enabled=False):
        assert after(0).fault == ""
        assert "Schedules switched off: go on with imports and exports" in text_of(operator.get(PROJECTIONS))


def test_a_monitor_that_is_switched_off_is_told_on_the_card_of_drift() -> None:
    client = signed_in("operator")
    told = "Nothing is checked: the schedule is off"
    assert told not in text_of(client.get("/admin/"))
    with schedule("projections.monitor_drift", enabled=False):
        assert told in text_of(client.get("/admin/"))
        assert drift_check.compute(Asked(staff("operator"))).mood in ("behind", "drift")


def test_where_redis_is_away_it_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_redis", lambda: redis.Redis(port=1, retry=None))
    assert after(0).fault.startswith("Whether workers run cannot be told: ConnectionError")


def _redis() -> redis.Redis:
    return leases._redis()
