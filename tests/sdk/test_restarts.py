"""The real server is stopped and started again while a consumer follows, and a service appends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest
from farehistory_client import ANY, TAIL, Client, Retries

from farehistory.demo import processes
from farehistory.embedded.supervisor import Supervisor
from tests.builders import new_booking_id
from tests.sdk import platforms
from tests.sdk.builders import price, toll
from tests.sdk.conftest import KINDS, key_of_real

APPENDS = 30


@pytest.fixture
def without_waits() -> None:
    """Here they are waited: a server takes its time to start."""


@pytest.mark.long
@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", KINDS)
def test_following_and_appending_go_on_through_a_restart(supervisor: Supervisor, kind: str) -> None:
    port = processes.free_port()
    service = replace(processes.web(port, workers=1), name=f"web-{port}")
    supervisor.start(service)
    booking, half, is_away = new_booking_id(), Event(), Event()
    with (
        platforms.real(processes.url_of(port), key_of_real, in_a_loop=kind == "async") as platform,
        ThreadPoolExecutor() as threads,
    ):
        fares = platform.client()
        others = Client(platform.url, platform.key("tolls"), retries=Retries(attempts=100))
        (tail,) = fares.feed_pages(after=TAIL, until_caught_up=True)
        others.append(booking, price(), expected_version=0)

        def append() -> None:
            for n in range(APPENDS):
                others.append(booking, toll("1.00"), expected_version=ANY)
                if n == APPENDS // 2:
                    half.set()
                    is_away.wait(20)

        def follow() -> list[int]:
            versions: list[int] = []
            for event in fares.feed(after=tail.cursor, wait=5):
                versions += [event.version] if event.booking_id == booking else []
                if len(versions) == APPENDS + 1:
                    break
            return versions

        appending, following = threads.submit(append), threads.submit(follow)
        half.wait(20)
        supervisor.stop(service.name)
        is_away.set()
        supervisor.start(service)  # by this thread: it ends with the one that started it
        try:
            appending.result(30)
            assert following.result(30) == list(range(1, APPENDS + 2))
        finally:
            supervisor.stop(service.name)
