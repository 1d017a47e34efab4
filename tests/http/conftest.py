"""A Valkey that keys and rate limits have to themselves, so that tests can empty, freeze and end it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from events import rate_limits
from tests.api_client import api  # noqa: F401 - a fixture
from tests.projections.cache.conftest import Server, running_server  # noqa: F401 - a fixture


@pytest.fixture
def server(running_server: Server, settings: Any) -> Iterator[Server]:  # noqa: F811
    """Empty at first; what this thread's connection for rate limits is to."""
    settings.REDIS_URL = running_server.url
    running_server.client.flushall()
    _begin_anew()
    yield running_server
    _begin_anew()


def _begin_anew() -> None:
    rate_limits._local.client = None
    rate_limits.outage.reset()
