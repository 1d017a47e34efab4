"""With worker and beat running as in production, receipts come without anybody asking."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from farehistory.demo import processes
from farehistory.embedded.supervisor import Supervisor
from tests.builders import add, append, given, set_
from tests.projections.receipts.histories import issued, start_at_the_heads


@pytest.fixture(scope="module")
def impatient_worker(supervisor: Supervisor) -> Iterator[None]:
    """Worker and beat of an installation in which a second without a change is quiet, and which often looks."""
    start_at_the_heads()
    schedules = PeriodicTask.objects.filter(name="issue receipts")
    usual = schedules.get().interval
    schedules.update(interval=IntervalSchedule.objects.get_or_create(every=1, period="seconds")[0])
    with pytest.MonkeyPatch.context() as environment, ExitStack() as stack:
        environment.setenv("FAREHISTORY_RECEIPT_QUIET_SECONDS", "1")
        stack.callback(schedules.update, interval=usual)
        for service in (processes.worker(), processes.beat()):
            stack.callback(supervisor.stop, service.name)
            supervisor.start(service)
        yield


def until_issued(booking_id: str, expected: list[tuple[int, int]]) -> None:
    deadline = time.monotonic() + 90
    while issued(booking_id) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert issued(booking_id) == expected


def test_a_receipt_comes_by_itself_and_a_second_one_after_a_change(impatient_worker: None) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    until_issued(booking, [(1, 2)])
    append(booking, add("tip", "1.00"))
    until_issued(booking, [(1, 2), (2, 3)])
