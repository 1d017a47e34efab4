"""A Valkey that the cache has to itself, so that tests can empty, fill, freeze and kill it."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import redis

from farehistory.embedded import valkey
from farehistory.embedded.service import Process
from farehistory.embedded.state import State
from projections.cache import counting, link
from projections.cache.outage import outage
from tests.api_client import api  # noqa: F401 - a fixture


class Server:
    """The server, and an administrator's connection to it."""

    def __init__(self, state: State) -> None:
        self._log = state.valkey_data / "appendonlydir"
        self.process = Process(valkey.service(state), state)
        self.url = f"unix://{quote(str(state.valkey_socket))}?db=0"
        self.client = redis.Redis.from_url(self.url, socket_timeout=5)
        self.start()

    def start(self) -> None:
        self.process.start()
        self.process.wait_until_ready()

    def holds(self) -> list[str]:
        """Its keys, all but the counters."""
        return sorted(key.decode() for key in self.client.keys("*fare*") if not key.endswith(b"counts"))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        self.process.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send(signal.SIGCONT)

    def on_disk(self) -> dict[Path, int]:
        """The bytes of its log."""
        return {file: file.stat().st_size for file in self._log.glob("*.aof")}

    def lose_power(self, on_disk: dict[Path, int]) -> None:
        """Ends it at once; of its log remains what had reached the disk."""
        self.process.kill()
        for file, size in on_disk.items():
            os.truncate(file, size)

    @contextmanager
    def configured(self, name: str, value: Any, otherwise: Any) -> Iterator[None]:
        self.client.config_set(name, value)
        try:
            yield
        finally:
            self.client.config_set(name, otherwise)


@pytest.fixture(scope="module")
def running_server() -> Iterator[Server]:
    state = State(Path(tempfile.mkdtemp(prefix="farehistory-cache-")))
    server = Server(state)
    try:
        yield server
    finally:
        server.client.close()
        server.process.stop()
        state.remove()


@pytest.fixture
def server(running_server: Server, settings: Any) -> Iterator[Server]:
    """Empty at first; what the cache's connections of this thread are to."""
    settings.CACHE_URL = running_server.url
    running_server.client.flushall()
    _begin_anew()
    yield running_server
    _begin_anew()


def _begin_anew() -> None:
    link.drop()
    counting._counts.clear()
    outage.reset()
