"""A lease has one holder while Redis is there, and nobody waits for one while it is not."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from projections import leases
from tests.threads import together


@pytest.fixture
def name() -> str:
    return f"test:{uuid4().hex}"


def test_one_of_many_that_ask_at_once_holds_it(name: str) -> None:
    answers = together([lambda who=str(n): leases.take(name, who, 10) for n in range(8)])
    assert sorted(answers) == [False] * 7 + [True]


def test_its_holder_renews_it_and_others_wait_until_it_is_over(name: str) -> None:
    assert leases.take(name, "a", 0.2)
    assert leases.take(name, "a", 60)
    time.sleep(0.3)
    assert not leases.take(name, "b", 60)
    assert leases.take(name, "a", 0.1)
    time.sleep(0.2)
    assert leases.take(name, "b", 60)


def test_it_is_handed_over_by_its_holder_alone(name: str) -> None:
    assert leases.take(name, "a", 10)
    assert not leases.hand_over(name, "b", "c", 10)
    assert leases.hand_over(name, "a", "b", 10)
    assert not leases.take(name, "a", 10)
    assert leases.take(name, "b", 10)


def test_it_is_let_go_by_its_holder_alone(name: str) -> None:
    assert leases.take(name, "a", 10)
    leases.let_go(name, "b")
    assert not leases.take(name, "b", 10)
    leases.let_go(name, "a")
    assert leases.take(name, "b", 10)


def test_without_redis_everybody_holds_it_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_redis", lambda: redis.Redis(port=1, retry=Retry(NoBackoff(), 0)))
    begin = time.monotonic()
    assert leases.take(name, "a", 10)
    assert leases.take(name, "b", 10)
    assert leases.hand_over(name, "a", "c", 10)
    leases.let_go(name, "a")
    assert time.monotonic() - begin < 5
