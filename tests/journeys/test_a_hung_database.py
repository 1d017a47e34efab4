"""PostgreSQL frozen, not dead: no answer, no error, just silence."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest

from farehistory.embedded.supervisor import Supervisor
from tests.api_client import Api, new_event
from tests.builders import new_booking_id

CALLS = 12
"""More than the web processes have threads: none of them may stay stuck."""


def test_every_request_is_answered_503_within_seconds_and_all_is_well_afterwards(
    web: str, supervisor: Supervisor
) -> None:
    try:
        postgres = supervisor.process("postgres")
    except KeyError:
        pytest.skip("PostgreSQL is a given service of this run, not ours to freeze")
    key = Api.of("toll").key
    bookings = [new_booking_id() for _ in range(CALLS)]
    bodies = {booking: new_event() for booking in bookings}
    with httpx.Client(base_url=web, headers={"Authorization": f"Bearer {key}"}, timeout=30) as client:

        def append(booking: str) -> tuple[int, float]:
            begin = time.monotonic()
            answer = client.post(f"/api/v1/fares/{booking}/events", json=bodies[booking])
            assert answer.status_code in (200, 201, 503), answer.text
            if answer.status_code == 503:
                assert answer.json()["code"] == "unavailable"
                assert int(answer.headers["Retry-After"]) >= 1
            return answer.status_code, time.monotonic() - begin

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(append, [new_booking_id_known(bodies) for _ in range(16)]))  # connections stand
            postgres.send_all(signal.SIGSTOP)
            try:
                frozen = list(threads.map(append, bookings))
            finally:
                postgres.send_all(signal.SIGCONT)
            assert {status for status, _ in frozen} == {503}
            assert max(seconds for _, seconds in frozen) < 8
            deadline = time.monotonic() + 20
            while any(append(booking)[0] == 503 for booking in bookings):
                assert time.monotonic() < deadline, "it does not recover"
        versions = list(map(partial(version_of, client), bookings))
    assert versions == [1] * CALLS


def new_booking_id_known(bodies: dict[str, dict[str, object]]) -> str:
    booking = new_booking_id()
    bodies[booking] = new_event()
    return booking


def version_of(client: httpx.Client, booking: str) -> int:
    version: int = client.get(f"/api/v1/fares/{booking}?consistency=strong").json()["version"]
    return version
