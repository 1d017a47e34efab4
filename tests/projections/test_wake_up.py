"""An append reaches the view by itself, soon, and by the sweep where the wake-up was lost."""

from __future__ import annotations

import time

import pytest
import redis

from events import history, wakeup
from farehistory.embedded.supervisor import Supervisor
from projections import runner
from projections.models import CurrentFare
from projections.projectors import PROJECTORS
from tests.builders import add, append, given, set_


def seen_at(booking: str, version: int, seconds: float) -> float:
    """How long it takes until the view has this version; fails after so many seconds."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        if CurrentFare.objects.filter(booking_id=booking, version__gte=version).exists():
            return time.monotonic() - begin
        time.sleep(0.01)
    raise AssertionError(f"version {version} of {booking} is not in the view after {seconds} s")


def test_a_worker_moves_the_view_after_an_append(worker: Supervisor) -> None:
    booking = given(set_("14.00"))
    seen_at(booking, 1, seconds=60)
    append(booking, add("toll", "5.00"))
    seen_at(booking, 2, seconds=60)


def test_a_lost_wake_up_is_made_good_by_the_sweep(
    worker: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeup, "wake", lambda *_: None)
    booking = given(set_("14.00"))
    seen_at(booking, 1, seconds=60)


def test_without_redis_a_drain_moves_what_its_message_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeup, "_redis", lambda: redis.Redis(port=1, socket_connect_timeout=1))
    assert wakeup.taken([7, 2]) == [2, 7]


def test_an_append_neither_fails_nor_waits_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakeup, "_redis", lambda: redis.Redis(port=1, socket_connect_timeout=1))
    begin = time.monotonic()
    booking = given(set_("14.00"), *(add("toll", "1.00") for _ in range(20)))
    assert time.monotonic() - begin < 10
    head = history.head_of(booking)
    assert head is not None
    assert head.version == 21
    drain_by_hand()
    assert CurrentFare.objects.get(booking_id=booking).version == 21


def test_after_redis_came_back_wake_ups_are_sent_again(
    worker: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setattr(wakeup, "_redis", lambda: redis.Redis(port=1, socket_connect_timeout=1))
        given(set_("14.00"))
        time.sleep(0.2)
    booking = given(set_("14.00"))
    seen_at(booking, 1, seconds=60)


def drain_by_hand() -> None:
    for projector in PROJECTORS:
        runner.drain(projector, runner.lagging(projector))
