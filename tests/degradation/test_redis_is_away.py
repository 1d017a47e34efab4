"""Redis is stopped or hangs: appends and reads go on, and the views come after when it is back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psutil
import pytest

from farehistory.embedded.service import Process
from farehistory.health import REMEMBERED_SECONDS
from tests.builders import given, new_booking_id, set_
from tests.degradation.platform import (
    STARTED_WHEN_NEEDED,
    WITHIN,
    WITHOUT_DATABASE,
    Answer,
    Platform,
    slowest,
    stopped,
)


@contextmanager
def ended(redis: Process) -> Iterator[None]:
    redis.stop()
    try:
        yield
    finally:
        redis.start()
        redis.wait_until_ready()


def hung(redis: Process) -> AbstractContextManager[None]:
    return stopped(psutil.Process(redis.pid))


@pytest.mark.parametrize("away", [ended, hung])
def test_appends_and_reads_go_on(
    platform: Platform, away: Callable[[Process], AbstractContextManager[None]]
) -> None:
    redis = platform.process("valkey")
    threads = platform.threads()
    cached, other = given(set_("14.00")), given(set_("9.00"))
    assert platform.get(f"/api/v1/fares/{cached}").status == 200

    def read(query: str = "") -> Callable[[], Answer]:
        return lambda: platform.get(f"/api/v1/fares/{cached}{query}")

    with away(redis):
        appends = platform.at_once(platform.append_anew)
        eventual = platform.at_once(read())
        strong = platform.at_once(read("?consistency=strong"))
        first = platform.get(f"/api/v1/fares/{other}?min_version=1")
        unharmed = [platform.get(path) for path in WITHOUT_DATABASE]
        time.sleep(REMEMBERED_SECONDS)  # for which it may be told as it was before
        ready = platform.get("/health/ready")
        operators = [platform.get(path) for path in ("/api/v1/projections", "/metrics")]
    assert {each.status for each in appends} == {201}
    assert {each.status for each in [*eventual, *strong, first, *unharmed]} == {200}
    assert {each.status for each in operators} == {200}
    assert slowest([*appends, *eventual, *strong, *unharmed, *operators]) < WITHIN
    assert (ready.status, ready.response.json()["status"]) == (200, "degraded")
    platform.nothing_is_lost_or_doubled()
    assert platform.get("/health/ready").status == 200
    assert platform.threads() <= threads + STARTED_WHEN_NEEDED


def test_what_was_appended_meanwhile_is_read_at_once(platform: Platform) -> None:
    booking = new_booking_id()
    with ended(platform.process("valkey")):
        assert platform.append(booking).status == 201
        assert platform.get(f"/api/v1/fares/{booking}").response.json()["version"] == 1
    assert platform.get(f"/api/v1/fares/{booking}").response.json()["version"] == 1
