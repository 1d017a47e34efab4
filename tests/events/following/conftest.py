"""What the tests of the feed share: a consumer's key, and a Redis of their own to stop and start."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from events import wakeup
from events.following import listener, waiting
from farehistory.embedded import valkey
from farehistory.embedded.service import Process
from farehistory.embedded.state import State
from tests.api_client import Api, api  # noqa: F401 - a fixture
from tests.embedded.helpers import wait_for


@pytest.fixture(scope="session")
def consumer(django_db_setup: None) -> Api:
    return Api.of("archiver", "feed:read")


@pytest.fixture
def sixteen_threads(settings: Any) -> None:
    """Of this process, as far as waiting goes: four may wait."""
    settings.FAREHISTORY_WEB_THREADS = 16


@pytest.fixture
def own_redis(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    """A Valkey that wakes the readers of this process, and is tried again soon where it does not; running."""
    state = State(Path(tempfile.mkdtemp(prefix="farehistory-feed-")))
    server = Process(valkey.service(state), state)
    server.start()
    server.wait_until_ready()
    monkeypatch.setattr(listener, "LINGERS_SECONDS", 0.0)
    monkeypatch.setattr(listener, "TRY_REDIS_EVERY_SECONDS", 0.3)
    monkeypatch.setattr(listener, "SILENT_FOR_SECONDS", 0.5)
    nobody_listens()
    settings.REDIS_URL = f"unix://{quote(str(state.valkey_socket))}?db=0"
    wakeup._redis.cache_clear()
    try:
        yield server
    finally:
        nobody_listens()
        wakeup._redis.cache_clear()
        server.stop()
        state.remove()


def nobody_listens() -> None:
    """Returns once the listener of this process has ended, if there was one."""
    wait_for(lambda: waiting.waiting()._listener is None, seconds=30)
