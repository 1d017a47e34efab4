"""The whole way: append, wake-up, worker, view, cache."""

from __future__ import annotations

import time

from farehistory.embedded.supervisor import Supervisor
from projections import queries
from tests.builders import add, append, given, set_
from tests.projections.cache.helpers import cached, version_read


def test_what_is_cached_follows_an_append_by_itself(worker: Supervisor) -> None:
    booking = given(set_("14.00"))
    _wait_until_cached(booking, 1)
    append(booking, add("toll", "5.00"))
    seen = 1
    deadline = time.monotonic() + 30
    while cached(booking) != 2:
        version = version_read(booking)
        assert version >= seen
        seen = version
        assert time.monotonic() < deadline, "the worker does not renew what is cached"
    assert b'"fare":"19.00"' in queries.fare_document(booking).body


def _wait_until_cached(booking: str, version: int) -> None:
    deadline = time.monotonic() + 30
    while cached(booking) != version or queries.fare_in_view(booking) is None:
        version_read(booking)
        assert time.monotonic() < deadline
        time.sleep(0.05)
