"""Appends, the live view's workers and readers go on during a rebuild, and nobody sees anything but a whole view."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg
import pytest

from events.partitions import partition_of
from projections import queries, rebuild, runner
from projections.models import Rebuild
from projections.rebuild import SwapBlocked, swapping
from tests.builders import add, append, connected, given, set_
from tests.projections.rebuild.views import (
    PROJECTOR,
    assert_everything_is_right,
    drain,
    ready_to_swap,
    rebuilt,
    row_of,
    table_id,
)
from tests.threads import meanwhile

State = Rebuild.State


@contextmanager
def beside(*works: Callable[[], None]) -> Iterator[None]:
    """Each is done again and again in a thread of its own, until the block ends; what one raises, fails the test."""
    errors: list[BaseException] = []

    def again_and_again(work: Callable[[], None], stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                work()
        except BaseException as error:
            errors.append(error)

    with meanwhile([partial(again_and_again, work) for work in works]):
        yield
    if errors:
        raise errors[0]


@dataclass
class Reader:
    """Polls some fares and remembers how far it has seen each. A fare is 1.00 and 0.01 for every further version."""

    bookings: list[str]
    read: Callable[[str], tuple[int, Decimal] | None]
    seen: dict[str, int] = field(default_factory=dict)
    reads: int = 0
    slowest: float = 0.0

    def __call__(self) -> None:
        for booking in self.bookings:
            began = time.monotonic()
            answer = self.read(booking)
            self.slowest = max(self.slowest, time.monotonic() - began)
            assert answer is not None, f"{booking} is missing"
            version, fare = answer
            assert version >= self.seen.get(booking, 1), f"{booking} went back"
            assert fare == Decimal("1.00") + Decimal("0.01") * (version - 1)
            self.seen[booking] = version
            self.reads += 1


def from_the_table(booking: str) -> tuple[int, Decimal] | None:
    row = row_of(booking)
    return None if row is None else (row["version"], Decimal(row["fare_minor"]) / 100)


def as_services_do(booking: str) -> tuple[int, Decimal] | None:
    fare = queries.fare(booking, consistency="eventual")
    return fare.version, Decimal(fare.fare)


@pytest.fixture
def bookings() -> list[str]:
    bookings = [given(set_("1.00")) for _ in range(12)]
    drain()
    return bookings


def test_readers_never_see_a_missing_an_older_or_a_half_built_fare(bookings: list[str]) -> None:
    def appends() -> None:
        for booking in bookings[:8]:
            append(booking, add("toll", "0.01"))

    def live_view_moves() -> None:
        runner.drain(PROJECTOR, [partition_of(booking) for booking in bookings])
        time.sleep(0.005)

    readers = [
        Reader(bookings, from_the_table),
        Reader(bookings, from_the_table),
        Reader(bookings, as_services_do),
    ]
    tables = {table_id()}
    with beside(appends, live_view_moves, *readers):
        for _ in range(2):
            run = rebuilt()
            assert (run.state, run.differences) == (State.DONE, 0)
            tables.add(table_id())
        wait_until(lambda: all(reader.reads > 50 and max(reader.seen.values()) > 2 for reader in readers))
    assert len(tables) == 3
    assert_everything_is_right()


@contextmanager
def a_long_reader(booking: str) -> Iterator[psycopg.Connection[Any]]:
    """Somebody who has read the view in a transaction that stays open."""
    with connected("default") as reader, reader.transaction():
        reader.execute("SELECT FROM projection.current_fare WHERE booking_id = %s", [booking])
        yield reader


def test_a_long_reader_makes_the_swap_try_again_and_nobody_queue(
    bookings: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="projections.rebuild.swapping")
    run = ready_to_swap()
    reader = Reader(bookings, from_the_table)

    def runs() -> None:
        rebuild.run(run.pk)
        time.sleep(0.01)

    with beside(runs, reader):
        with a_long_reader(bookings[0]) as long:
            wait_until(lambda: caplog.text.count("tries again") >= 3, lambda: long.execute("SELECT 1"))
            assert rebuild.get(run.pk).state == State.SWAPPING
        wait_until(lambda: rebuild.get(run.pk).state == State.DONE)
    assert reader.reads > 20
    # The lock's limit of 50 ms, and what a busy machine adds; not until the reader ends.
    assert reader.slowest < 5
    assert_everything_is_right()


def wait_until(
    true: Callable[[], bool], meanwhile: Callable[[], object] = lambda: None, seconds: float = 60
) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        meanwhile()
        time.sleep(0.02)


def test_a_swap_that_gives_up_names_who_is_in_the_way_and_goes_on_later(
    bookings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swapping, "TRIES", 2)
    run = ready_to_swap()
    with a_long_reader(bookings[0]), pytest.raises(SwapBlocked, match=r"process \d+ of the database"):
        rebuild.run(run.pk)
    assert rebuild.get(run.pk).state == State.SWAPPING
    assert rebuild.run(run.pk).state == State.DONE
    assert_everything_is_right()
