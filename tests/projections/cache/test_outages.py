"""Redis emptied, full, frozen, killed: reads go on, recover, and never go back."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from django.db import connections

from projections import cache, control, queries
from projections.cache import counting
from projections.cache import outage as outages
from projections.cache.entries import key_of
from tests.builders import add, append, given, set_
from tests.projections.cache.conftest import Server
from tests.projections.cache.helpers import Loads, cached, projected, version_read, view_moves


@pytest.fixture
def booking(server: Server) -> str:
    booking = projected(given(set_("14.00")))
    assert version_read(booking) == 1
    return booking


class Poller(threading.Thread):
    """Reads all the time; remembers what went wrong, and how long the slowest read took."""

    def __init__(self, booking: str) -> None:
        super().__init__()
        self.booking = booking
        self.versions = [0]
        self.slowest = 0.0
        self.error: BaseException | None = None
        self.ends = threading.Event()

    def run(self) -> None:
        try:
            while not self.ends.is_set():
                began = time.monotonic()
                version = version_read(self.booking)
                self.slowest = max(self.slowest, time.monotonic() - began)
                assert version >= self.versions[-1], f"{version} after {self.versions[-1]}"
                self.versions.append(version)
        except BaseException as error:
            self.error = error
        finally:
            connections.close_all()


@contextmanager
def polled(booking: str, readers: int = 3) -> Iterator[list[Poller]]:
    pollers = [Poller(booking) for _ in range(readers)]
    for poller in pollers:
        poller.start()
    try:
        yield pollers
    finally:
        for poller in pollers:
            poller.ends.set()
        for poller in pollers:
            poller.join()
    for poller in pollers:
        if poller.error is not None:
            raise poller.error


def test_a_reader_never_sees_an_older_fare_whatever_happens(booking: str, server: Server) -> None:
    chance = random.Random(7)
    with polled(booking) as pollers:
        for _ in range(150):
            append(booking, add("toll", "0.10"))
            if chance.random() < 0.8:
                view_moves(booking)
            if chance.random() < 0.5:
                projected(booking)
            if chance.random() < 0.1:
                server.client.flushall()
            if chance.random() < 0.1:
                control.raise_generation("current_fare")
            if chance.random() < 0.1:
                server.client.delete(*server.holds() or ["none"])
        projected(booking)
        time.sleep(0.1)
    assert all(poller.versions[-1] == 151 for poller in pollers)
    assert all(len(set(poller.versions)) > 20 for poller in pollers)


def test_a_flush_of_everything_loses_nothing(booking: str, server: Server) -> None:
    before = queries.fare_document(booking).body
    server.client.flushall()
    assert queries.fare_document(booking).body == before
    assert cached(booking) == 1


def test_frozen_redis_slows_one_read_a_second_and_nothing_goes_back(
    booking: str, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with polled(booking) as pollers:
        time.sleep(0.1)
        began = time.monotonic()
        with server.frozen():
            for _ in range(15):
                append(booking, add("toll", "0.10"))
                view_moves(booking)
                time.sleep(0.1)
        frozen = time.monotonic() - began
        deadline = time.monotonic() + 30
        while cached(booking) != 16:  # though no worker told the cache
            assert time.monotonic() < deadline, "it does not recover"
            time.sleep(0.05)
    assert all(poller.versions[-1] == 16 for poller in pollers)
    assert max(poller.slowest for poller in pollers) < frozen / 2
    told = [record.message for record in caplog.records if record.name == outages.logger.name]
    assert [message.split(";")[0].split(":")[0] for message in told] == [
        "the cache fails",
        "the cache is back",
    ]
    assert cache.counters()["errors"] > 10


def test_a_power_cut_that_loses_the_last_second_brings_nothing_old_back(booking: str, server: Server) -> None:
    on_disk = server.on_disk()
    with polled(booking) as pollers:
        append(booking, add("toll", "1.00"))
        projected(booking)
        time.sleep(0.1)
        assert cached(booking) == 2
        server.lose_power(on_disk)
        server.start()
        assert b" 1 {" in server.client.get(key_of(booking))  # type: ignore[operator]
        time.sleep(outages.REST_SECONDS + 0.3)
    assert all(poller.versions[-1] == 2 for poller in pollers)
    assert version_read(booking) == 2
    assert cached(booking) == 2


def test_full_redis_serves_what_it_has_and_the_view_the_rest(booking: str, server: Server) -> None:
    other = projected(given(set_("20.00")))
    with server.configured("maxmemory", 1, 0):
        for _ in range(20):
            assert version_read(other) == 1
            assert version_read(booking) == 1
        counting.flush()
        assert version_read(booking) == 1
        assert cached(booking) == 1
        append(booking, add("toll", "1.00"))
        projected(booking)  # it cannot be renewed, so it is removed
        assert version_read(booking) == 2
        assert cached(booking) is None
    assert version_read(other) == 1
    assert cached(other) == 1
    counts = cache.counters()
    assert (counts["hits"], counts["waits"], counts["errors"]) == (21, 0, 0)


def test_what_is_read_past_the_cache_is_removed_from_it_before_it_is_trusted_again(
    booking: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = projected(given(set_("20.00")))
    assert version_read(kept) == 1
    monkeypatch.setattr(outages, "REST_SECONDS", 0.1)
    with server.frozen():
        append(booking, add("toll", "1.00"))
        view_moves(booking)
        assert version_read(booking) == 2
    time.sleep(0.2)
    other = projected(given(set_("1.00")))
    assert version_read(other) == 1  # whoever asks first puts things right
    assert cached(booking) is None
    assert cached(kept) == 1


def test_after_too_many_reads_past_the_cache_all_of_it_is_given_up(
    booking: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = projected(given(set_("20.00")))
    assert version_read(kept) == 1
    monkeypatch.setattr(outages, "REST_SECONDS", 0.1)
    monkeypatch.setattr(outages, "MOST_REMEMBERED", 2)
    with server.frozen():
        for _ in range(3):
            assert version_read(projected_view(given(set_("1.00")))) == 1
    time.sleep(0.2)
    assert version_read(booking) == 1
    assert cached(kept) is None


def projected_view(booking: str) -> str:
    view_moves(booking)
    return booking


class Held(Loads):
    """A read of the view that is held, in a thread of its own, before or after its SELECT."""

    def __init__(self, booking: str, where: str) -> None:
        super().__init__(booking)
        self._where = where
        self._there, self._goes_on = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.version = 0
        self._thread.start()
        assert self._there.wait(10)

    def __call__(self) -> cache.Document:
        if self._where == "before":
            self._hold()
        document = super().__call__()
        if self._where == "after":
            self._hold()
        return document

    def ends(self) -> int:
        self._goes_on.set()
        self._thread.join()
        return self.version

    def _hold(self) -> None:
        self._there.set()
        assert self._goes_on.wait(10)

    def _run(self) -> None:
        self.version = self.read().version
        connections.close_all()


def test_a_read_that_began_in_an_outage_and_ends_after_it_is_not_followed_by_an_older_one(
    booking: str, server: Server
) -> None:
    server.client.delete(key_of(booking))
    outages.outage.begin(redis.ConnectionError("cut off"))
    past_the_cache = Held(booking, "before")
    outages.outage._until = 0.0
    by_the_cache = Held(booking, "after")  # ends the outage, has a lease, and version 1 in its hands
    append(booking, add("toll", "1.00"))
    view_moves(booking)
    assert past_the_cache.ends() == 2
    assert by_the_cache.ends() == 1  # it began before the other had ended
    assert version_read(booking) == 2
