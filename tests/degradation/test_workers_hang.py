"""Worker and beat hang, and a web process dies: appends and reads go on, and views come after."""

from __future__ import annotations

import time

import psutil
import pytest

from farehistory.embedded.supervisor import Supervisor
from projections.models import CurrentFare
from tests.builders import add, append, given, new_booking_id, set_
from tests.degradation.platform import BACK_WITHIN, Platform, stopped, with_all_that_it_started


def projected(booking: str, version: int, seconds: float = BACK_WITHIN) -> None:
    """Returns once worker and beat alone have brought the view there."""
    deadline = time.monotonic() + seconds
    while not CurrentFare.objects.filter(booking_id=booking, version=version).exists():
        assert time.monotonic() < deadline, f"the view does not come to version {version}"
        time.sleep(0.05)


@pytest.mark.parametrize(
    "hung",
    [
        pytest.param(["worker"], marks=pytest.mark.long),
        pytest.param(["beat"], marks=pytest.mark.long),
        ["worker", "beat"],
    ],
)
def test_they_hang_and_go_on(platform: Platform, worker: Supervisor, hung: list[str]) -> None:
    booking = given(set_("14.00"))
    projected(booking, 1)
    with stopped(*(each for name in hung for each in with_all_that_it_started(worker.process(name)))):
        append(booking, add("toll", "1.00"))
        assert platform.append_anew().status == 201
        read = platform.get(f"/api/v1/fares/{booking}?min_version=2").response.json()
        assert (read["version"], read["fare"]) == (2, "15.00")
        assert platform.get("/health/ready").status == 200
    projected(booking, 2)
    platform.nothing_is_lost_or_doubled()


def test_without_beat_a_wake_up_is_enough(platform: Platform, worker: Supervisor) -> None:
    booking = new_booking_id()
    with stopped(*with_all_that_it_started(worker.process("beat"))):
        assert platform.append(booking).status == 201
        projected(booking, 1)


def test_a_web_process_is_killed_and_another_takes_its_place(platform: Platform) -> None:
    main = psutil.Process(platform.process("web").pid)
    victim, *others = main.children()
    victim.kill()
    platform.is_back()
    deadline = time.monotonic() + BACK_WITHIN
    while len(main.children()) <= len(others):
        assert time.monotonic() < deadline, "nobody took its place"
        time.sleep(0.1)
    assert platform.process("web").pid == main.pid
    platform.nothing_is_lost_or_doubled()
