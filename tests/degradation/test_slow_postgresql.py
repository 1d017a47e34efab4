"""PostgreSQL answers late, or its answer is lost on the way: by a proxy between it and a web server of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from farehistory.demo import processes
from farehistory.embedded.state import State
from farehistory.embedded.supervisor import Supervisor
from tests.api_client import Api, new_event
from tests.builders import new_booking_id
from tests.degradation.platform import WITHIN, Platform, slowest, unavailable
from tests.degradation.proxy import Proxy, proxied

NAME = "web-by-proxy"


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    if "DATABASE_URL" in os.environ:
        pytest.skip("PostgreSQL is a given service of this run; the way to it is not ours")
    at = State.from_environment().addresses()
    with (
        tempfile.TemporaryDirectory(prefix="fh-proxy-") as folder,
        proxied(Path(folder), at.socket_dir / f".s.PGSQL.{at.port}") as proxy,
    ):
        yield proxy


@pytest.fixture(scope="module")
def slow(supervisor: Supervisor, proxy: Proxy) -> Iterator[str]:
    """The address of a web server whose way to PostgreSQL is the proxy."""
    at = State.from_environment().addresses()
    port = processes.free_port()
    environment = {
        "DATABASE_URL": f"postgres://{at.application}:{at.application_password}@/{at.database}?host={proxy.folder}",
        "REDIS_URL": f"unix://{at.valkey_socket}?db=0",
        "BROKER_URL": f"redis+socket://{at.valkey_socket}?virtual_host=1",
    }
    supervisor.start(replace(processes.web(port, workers=1), name=NAME, environment=environment))
    yield processes.url_of(port)
    supervisor.stop(NAME)


@pytest.fixture
def platform(slow: str, supervisor: Supervisor, proxy: Proxy) -> Iterator[Platform]:
    platform = Platform(slow, supervisor, Api.of("toll").key or "")
    platform.warm_up()
    yield platform
    proxy.delay = 0
    platform.close()


def test_every_answer_is_late_but_comes(platform: Platform, proxy: Proxy) -> None:
    proxy.delay = 0.2
    answers = platform.at_once(platform.append_anew, 8)
    proxy.delay = 0
    assert {each.status for each in answers} == {201}
    platform.nothing_is_lost_or_doubled()


@pytest.mark.long
def test_every_answer_is_too_late(platform: Platform, proxy: Proxy) -> None:
    """A pooler accepts connections, and nothing comes of them."""
    proxy.delay = 4
    answers = platform.at_once(platform.append_anew)
    proxy.delay = 0
    assert unavailable(answers)
    assert slowest(answers) < WITHIN
    platform.is_back()
    platform.nothing_is_lost_or_doubled()


def test_the_answer_to_an_append_is_lost(platform: Platform, proxy: Proxy) -> None:
    """It is in the ledger, its client does not know, and sends the same again."""
    booking, body = new_booking_id(), new_event()
    proxy.lost.clear()
    proxy.loses_answers_to = b"ledger.append"
    unheard = platform.append(booking, body)
    assert proxy.lost.is_set()
    assert unavailable([unheard])
    again = platform.append(booking, body)
    assert (again.status, again.response.headers["Idempotent-Replayed"]) == (200, "true")
    assert again.response.json()["version"] == 1
    platform.nothing_is_lost_or_doubled()
