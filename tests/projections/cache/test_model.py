"""The cache's protocol in any order of its steps: readers, workers, expiry, flush, swap, restart, outage.

The steps are the real ones, on a real server. Only what PostgreSQL says is a number here, so that it can change
between any two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from secrets import token_hex
from typing import Any

import pytest
import redis

from projections.cache import Document, Era, following, link, reading, stamps
from projections.cache import outage as outages
from projections.cache.entries import Value, key_of, parsed
from projections.cache.outage import outage
from tests.projections.cache.conftest import Server

WALKS = 250
STEPS = 80
BOOKING = "BK-1"


@dataclass
class Reader:
    """One in the middle of a read."""

    seen: Any
    floor: int
    """The newest version that anybody was answered before it began."""
    document: Document | None = None


@dataclass
class Worker:
    """One in the middle of a page."""

    version: int
    """Of the booking's last event in the page."""
    cached: list[str]
    rows: dict[str, Document] | None = None


class Protocol:
    """One booking, three readers, two workers. A step is a method; `steps` has those that can be taken now."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self.view = self.generation = 1
        self.passed = self.answered = 0
        self.readers: list[Reader | None] = [None, None, None]
        self.workers: list[Worker | None] = [None, None]
        self.on_disk: list[bytes | None] = [None, None]

    def steps(self) -> Iterator[tuple[Callable[..., None], int, int]]:
        """Each step with who takes it, and how often it is taken beside the others."""
        yield self.the_view_moves, 0, 8
        yield self.a_swap_commits, 0, 2
        for who, reader in enumerate(self.readers):
            if reader is None:
                yield self.a_reader_looks, who, 6
            else:
                yield (self.it_answers if reader.document else self.it_reads_the_view), who, 6
                yield self.it_is_killed, who, 1
        for who, worker in enumerate(self.workers if not outage._on else ()):
            if worker is None:
                yield self.a_worker_looks, who, 6
            else:
                yield (self.it_puts if worker.rows else self.it_reads_the_rows), who, 6
        yield from ((step, 0, 1) for step in (self.the_key_expires, self.all_is_flushed))
        yield from ((step, 0, 1) for step in (self.it_writes_to_disk, self.it_crashes))
        yield self.it_is_cut_off, 0, 3
        yield (self.it_is_back if outage._on else self.the_generation_is_published), 0, 3

    # What PostgreSQL does

    def era(self) -> Era:
        return Era("0" * 8, 1, self.generation)

    def row(self) -> Document:
        return Document(self.view, b"%d" % self.generation, self.era())

    def the_view_moves(self, _: int) -> None:
        self.view += 1

    def a_swap_commits(self, _: int) -> None:
        self.generation += 1

    # Readers

    def a_reader_looks(self, who: int) -> None:
        floor = self.answered
        seen = reading._look(BOOKING, 0)
        if seen.hit is None:
            self.readers[who] = Reader(seen, floor)
        else:
            self._answer(seen.hit.version, floor)

    def it_reads_the_view(self, who: int) -> None:
        self.readers[who].document = self.row()

    def it_answers(self, who: int) -> None:
        reader, self.readers[who] = self.readers[who], None
        reading._settle(BOOKING, reader.seen, reader.document)
        self._answer(reader.document.version, reader.floor)

    def it_is_killed(self, who: int) -> None:
        self.readers[who] = None

    def _answer(self, version: int, floor: int) -> None:
        assert version >= floor, f"version {version} was answered after version {floor}"
        self.answered = max(self.answered, version)

    # Workers

    def a_worker_looks(self, who: int) -> None:
        self.workers[who] = Worker(self.view, following._cached([BOOKING]))

    def it_reads_the_rows(self, who: int) -> None:
        self.workers[who].rows = {BOOKING: self.row()}

    def it_puts(self, who: int) -> None:
        worker, self.workers[who] = self.workers[who], None
        if worker.cached:
            following._renew(worker.cached, {BOOKING: worker.version}, worker.rows)
        self.passed = max(self.passed, worker.version)

    # What happens to Redis

    def the_generation_is_published(self, _: int) -> None:
        following.publish_generation()

    def the_key_expires(self, _: int) -> None:
        self.client.delete(key_of(BOOKING))

    def all_is_flushed(self, _: int) -> None:
        self.client.flushall()

    def it_writes_to_disk(self, _: int) -> None:
        self.on_disk = self.client.mget(key_of(BOOKING), stamps.key())

    def it_crashes(self, _: int) -> None:
        """What was not on disk is lost, and what was comes back."""
        self.client.flushall()
        for key, content in zip((key_of(BOOKING), stamps.key()), self.on_disk, strict=True):
            if content is not None:
                self.client.set(key, content)
        link._local.run = token_hex(4)

    def it_is_cut_off(self, _: int) -> None:
        outage.begin(redis.ConnectionError("cut off"), BOOKING)

    def it_is_back(self, _: int) -> None:
        outage._until = 0.0

    # What always holds

    def check(self) -> None:
        """What a reader would be given is not behind the workers, not ahead of the view, not older than before."""
        entry, published = self.client.mget(key_of(BOOKING), stamps.key())
        if outage._on or published is None or published.split(b":")[3].decode() != link.run():
            return
        stamp = stamps.in_force(published)
        found = parsed(entry, stamp)
        if isinstance(found, Value):
            assert max(self.passed, self.answered) <= found.version <= self.view
            assert int(found.document) == stamps.era_of(stamp).generation


@contextmanager
def trail_on_failure(trail: list[str]) -> Iterator[None]:
    try:
        yield
    except AssertionError as error:
        error.add_note("\n".join(trail))
        raise


def walk(client: redis.Redis, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    client.flushall()
    outage.reset()
    random, protocol, trail = Random(seed), Protocol(client), list[str]()
    monkeypatch.setattr(stamps, "era_of_view", protocol.era)
    with trail_on_failure(trail):
        for _ in range(STEPS):
            steps, whose, weights = zip(*protocol.steps(), strict=True)
            (chosen,) = random.choices(range(len(steps)), weights)
            trail.append(f"{steps[chosen].__name__} ({whose[chosen]})")
            steps[chosen](whose[chosen])
            protocol.check()


def test_no_order_of_steps_brings_an_older_fare_back(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WAIT_SECONDS", 0)
    monkeypatch.setattr(outages, "REST_SECONDS", 3600)
    monkeypatch.setattr(outages.logger, "disabled", True)
    monkeypatch.setattr(
        link, "drop", lambda: None
    )  # the connection stays: what it knows of the server is the model's
    for seed in range(WALKS):
        walk(server.client, seed, monkeypatch)
