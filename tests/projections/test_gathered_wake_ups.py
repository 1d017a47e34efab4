"""Wake-ups gather until a drain begins, with no worker at work beside: a sweep of its would take them."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import redis
from celery.signals import before_task_publish
from pytest_django import Settings

from events import ledger, wakeup
from events.partitions import partition_of
from projections import tasks
from projections.models import CurrentFare
from tests.builders import add, event, given, new_booking_id, set_


@pytest.fixture
def nothing_gathered(settings: Settings) -> redis.Redis:
    """No task waits and no partition has gathered, and none will by what tests before appended; Redis's server."""
    given(set_("14.00"))  # the last that may be on its way
    wakeup._waker().close()
    assert not wakeup._waker()._thread.is_alive()
    wakeup._waker._forget()
    settings.REDIS_PREFIX += f"{new_booking_id()}:"  # away from what other processes send
    return redis.Redis.from_url(settings.REDIS_URL)


def test_while_a_task_waits_no_second_one_is_sent_and_it_takes_all_that_gathered(
    nothing_gathered: redis.Redis,
) -> None:
    assert wakeup._must_be_sent([3, 5])
    assert not wakeup._must_be_sent([5, 8])
    assert wakeup.taken([3, 5]) == [3, 5, 8]
    assert wakeup._must_be_sent([3]), "what comes after it began needs another"
    assert wakeup.taken([]) == [3]
    assert wakeup.taken([]) == []


def test_a_task_that_was_lost_does_not_keep_others_from_being_sent_for_long(
    nothing_gathered: redis.Redis,
) -> None:
    wakeup._must_be_sent([3])
    assert 0 < nothing_gathered.ttl(wakeup._key("sent")) <= 5


def test_it_carries_the_id_of_the_first_request_that_it_is_sent_for(nothing_gathered: redis.Redis) -> None:
    booking = new_booking_id()
    carried: list[str] = []
    sent = threading.Event()

    def see(headers: dict[str, Any], body: Any, **_: Any) -> None:
        if partition_of(booking) in body[1]["partitions"]:
            carried.append(headers["request_id"])
            sent.set()

    before_task_publish.connect(see, sender=wakeup.TASK)
    try:
        ledger.append(event(booking, set_("14.00")), source="pricing", request_id="seen-1")
        ledger.append(event(booking, add("toll", "1.00")), source="toll", request_id="seen-2")
        assert sent.wait(60)
    finally:
        before_task_publish.disconnect(see, sender=wakeup.TASK)
    assert carried[0] == "seen-1"


def test_a_drain_moves_all_partitions_that_gathered(nothing_gathered: redis.Redis) -> None:
    first, second = given(set_("14.00")), given(set_("14.00"))
    wakeup._must_be_sent([partition_of(second)])
    tasks.drain(partitions=[partition_of(first)])
    assert CurrentFare.objects.filter(booking_id__in=[first, second]).count() == 2
