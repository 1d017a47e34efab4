"""With worker and beat running as in production, receipts come without anybody asking."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from farehistory.demo import processes
from farehistory.embedded.supervisor import Supervisor
from tests.builders import add, append, given, set_
from tests.projections.receipts.histories import issued, start_at_the_heads


@pytest.fixture(scope="module")
def impatient_worker(supervisor: Supervisor) -> Iterator[None]:
    """Worker and beat of an installation in which a second without a change is quiet."""
    start_at_the_heads()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FAREHISTORY_RECEIPT_QUIET_SECONDS", "1")
        supervisor.start(processes.worker(), processes.beat())
    yield
    supervisor.stop("worker", "beat")


def until_issued(booking_id: str, expected: list[tuple[int, int]]) -> None:
    deadline = time.monotonic() + 45
    while issued(booking_id) != expected and time.monotonic() < deadline:
        time.sleep(0.2)
    assert issued(booking_id) == expected


def test_a_receipt_comes_by_itself_and_a_second_one_after_a_change(impatient_worker: None) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    until_issued(booking, [(1, 2)])
    append(booking, add("tip", "1.00"))
    until_issued(booking, [(1, 2), (2, 3)])
