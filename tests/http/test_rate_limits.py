"""How many requests a key may make: what is answered beyond that, and what every answer says of it."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from events import api_keys, rate_limits
from events.models import ApiKey
from tests.api_client import Api, assert_nothing_written, assert_problem
from tests.builders import new_booking_id
from tests.projections.cache.conftest import Server
from tests.threads import together

FIELD = re.compile(r'"(\w+)";r=(\d+);t=(\d+)')


def left(answer: Any) -> int:
    found = FIELD.fullmatch(answer["RateLimit"])
    assert found, answer["RateLimit"]
    return int(found[2])


def test_every_answer_says_how_the_quota_stands(api: Api, settings: Any) -> None:
    settings.FAREHISTORY_RATE_LIMIT, settings.FAREHISTORY_RATE_WINDOW = 100, 60
    api = Api.of("pricing")
    booking = new_booking_id()
    answers = [
        api.append(booking),
        api.append(booking),
        api.get(f"fares/{booking}"),
        api.get("fares/unknown"),
        api.get(f"fares/{booking}?x=1"),
        api.post("corrections", {}),
        api.request("DELETE", f"/api/v1/fares/{booking}"),
        api.request("OPTIONS", f"/api/v1/fares/{booking}"),
    ]
    assert [answer.status_code for answer in answers] == [201, 409, 200, 404, 400, 403, 405, 204]
    for used, answer in enumerate(answers, start=1):
        assert answer["RateLimit-Policy"] == '"default";q=100;w=60'
        assert (
            100 - used <= left(answer) <= 100 - used + 30
        )  # it fills again meanwhile, on a slow machine by much


def test_an_answer_to_nobody_says_nothing_of_a_quota() -> None:
    for answer in (Api().get("fares/BK-1"), Api("wrong").get("fares/BK-1")):
        assert answer.status_code == 401
        assert "RateLimit" not in answer


def test_beyond_its_quota_a_key_is_answered_429_and_nothing_is_done() -> None:
    api = Api.of("pricing", rate_limit=2)
    booking = new_booking_id()
    statuses = [api.get("fares/unknown").status_code for _ in range(2)]
    answer = api.append(booking)
    assert statuses == [404, 404]
    assert_problem(answer, 429, "rate_limited")
    assert 1 <= int(answer["Retry-After"]) <= 5
    assert answer["RateLimit-Policy"] == '"key";q=2;w=10'
    assert answer["RateLimit"].startswith('"key";r=0;t=')
    assert_nothing_written(booking)


def test_a_quota_fills_again_evenly() -> None:
    key, _ = api_keys.create("pricing", ["fares:read"], rate_limit=20)  # one each half second
    for _ in range(20):
        rate_limits.take(key)
    refused = rate_limits.take(key)
    while refused is not None and refused.allowed:  # the machine was slow, and it filled meanwhile
        refused = rate_limits.take(key)
    assert refused is not None
    assert 0 < refused.wait <= 0.5
    assert 9 < refused.whole_in <= 10
    time.sleep(refused.wait)
    again = rate_limits.take(key)
    assert again is not None and again.allowed


def test_of_many_at_once_as_many_as_the_quota_are_let_in(settings: Any) -> None:
    settings.FAREHISTORY_RATE_WINDOW = 3600
    key, _ = api_keys.create("pricing", ["fares:read"], rate_limit=30)

    def ask() -> int:
        standings = [rate_limits.take(key) for _ in range(10)]
        return sum(standing is not None and standing.allowed for standing in standings)

    assert sum(together([ask] * 8)) == 30


def test_one_key_takes_nothing_from_another_of_the_same_service() -> None:
    one, other = Api.of("pricing", rate_limit=1), Api.of("pricing", rate_limit=1)
    assert [one.get("fares/unknown").status_code for _ in range(2)] == [404, 429]
    assert other.get("fares/unknown").status_code == 404


def test_without_a_limit_any_number_is_answered_and_nothing_said(settings: Any) -> None:
    settings.FAREHISTORY_RATE_LIMIT = 0
    api = Api.of("pricing")
    answers = [api.get("fares/unknown") for _ in range(4)]
    assert {answer.status_code for answer in answers} == {404}
    assert "RateLimit" not in answers[-1] and "RateLimit-Policy" not in answers[-1]


def test_a_rotated_key_keeps_its_limit() -> None:
    key, _ = api_keys.create("pricing", ["fares:read"], rate_limit=7)
    successor, _ = api_keys.rotate(key)
    assert ApiKey.objects.get(pk=successor.pk).rate_limit == 7


@pytest.mark.parametrize("limit", [0, -1, 1_000_001])
def test_a_limit_that_is_none_makes_no_key(limit: int) -> None:
    with pytest.raises(ValueError, match="rate limit"):
        api_keys.create("pricing", ["fares:read"], rate_limit=limit)


def test_while_redis_hangs_nothing_is_limited_and_it_is_said_once(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    api = Api.of("pricing", rate_limit=3)
    with server.frozen():
        began = time.monotonic()
        answers = [api.get("fares/unknown") for _ in range(6)]
        assert time.monotonic() - began < 10
    assert {answer.status_code for answer in answers} == {404}
    assert not any("RateLimit" in answer for answer in answers)
    assert caplog.text.count("rates are not limited meanwhile") == 1
    _until(lambda: "RateLimit" in api.get("fares/unknown"))
    assert caplog.text.count("rates are limited again") == 1


def test_a_redis_that_was_started_anew_is_used_again(server: Server) -> None:
    api = Api.of("pricing", rate_limit=5)
    assert left(api.get("fares/unknown")) == 4
    server.process.kill()
    assert api.get("fares/unknown").status_code == 404
    server.start()
    _until(lambda: "RateLimit" in api.get("fares/unknown"))


def _until(holds: Any) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
