"""The clients of the SDK, on the fake and on the real platform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from farehistory_client.testing import FakeServer, no_waits

from events import api_keys
from events.partitions import count
from tests.builders import new_booking_id
from tests.sdk import platforms
from tests.sdk.platforms import SCOPES, Platform

KINDS = ("sync", "async")


@pytest.fixture(autouse=True)
def without_waits() -> Iterator[None]:
    with no_waits():
        yield


@pytest.fixture(params=[f"{kind}-{where}" for where in ("fake", "real") for kind in KINDS])
def platform(request: pytest.FixtureRequest) -> Iterator[Platform]:
    """What holds of one platform and one client must hold of all."""
    kind, where = request.param.split("-")
    if where == "fake":
        opened = platforms.fake(FakeServer(partitions=count()), in_a_loop=kind == "async")
    else:
        opened = platforms.real(request.getfixturevalue("web"), key_of_real, in_a_loop=kind == "async")
    with opened:
        yield opened


@pytest.fixture(params=KINDS)
def faked(request: pytest.FixtureRequest) -> Iterator[Platform]:
    """The fake alone, for what only goes wrong on the way."""
    with platforms.fake(FakeServer(), in_a_loop=request.param == "async") as opened:
        yield opened


@pytest.fixture
def fares(platform: Platform) -> Any:
    """A client of the pricing service."""
    return platform.client("pricing")


@pytest.fixture
def booking() -> str:
    return new_booking_id()


def key_of_real(source: str, scopes: Any = SCOPES, components: Any = None) -> str:
    return api_keys.create(source, scopes, components=components)[1]
