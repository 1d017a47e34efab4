"""Many writers and several readers at once: nothing lost, nothing doubled, everything in order, and provably so."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from random import Random
from uuid import uuid4

from django.db import connections, transaction

from events import ledger
from events.feed import heads
from events.following import Answer, Place, Tail, Wanted, follow
from tests.builders import add, append, event, given, new_booking_id, set_
from tests.threads import together

WRITERS = 6
CHANGES = 60
"""Of each writer, to bookings of its own and to one that all share."""


@dataclass
class Reader:
    """A consumer that keeps its cursor, and checks of every answer that it skipped nothing."""

    share: list[int] | None = None
    wanted: Wanted = field(default_factory=Wanted)
    limit: int = 37
    at: Place = Tail.NOW
    known: dict[int, int] = field(default_factory=dict)
    seen: list[tuple[str, int, int, int]] = field(default_factory=list)
    """booking, version, partition, position, as they came."""

    def begin(self) -> Reader:
        self.take(follow(self.at, partitions=self.share, limit=self.limit))
        self.known = dict(self.at.positions)  # type: ignore[union-attr]
        return self

    def take(self, answer: Answer) -> None:
        places = defaultdict(list)
        for one in answer.events:
            places[one.partition].append(one.position)
            self.seen.append((one.booking_id, one.version, one.partition, one.position))
        for examined in answer.ranges:
            assert examined.after == self.known[examined.partition], "it begins where the last one ended"
            assert examined.upto > examined.after
            found = places.pop(examined.partition, [])
            if self.wanted == Wanted():
                assert found == list(range(examined.after + 1, examined.upto + 1))
            assert found == sorted(set(found))
            assert all(examined.after < position <= examined.upto for position in found)
            self.known[examined.partition] = examined.upto
        assert not places, "nothing is answered that is not of a range"
        self.at = answer.next

    def run(self, written: threading.Event) -> None:
        """Reads until all has been written and nothing is left."""
        try:
            while True:
                last = written.is_set()
                answer = follow(
                    self.at, partitions=self.share, limit=self.limit, wait=0.2, wanted=self.wanted
                )
                self.take(answer)
                if last and answer.caught_up:
                    return
        finally:
            connections.close_all()


def write(number: int, shared: str) -> list[tuple[str, int, int, int]]:
    """A writer: changes of all sorts, some sent twice, some by hundreds in one call. What the ledger acknowledged."""
    chance = Random(number)
    own = [given(set_("10.00")) for _ in range(3)]
    appended = []
    for change in range(CHANGES):
        booking = shared if change % 3 == 0 else chance.choice(own)
        component = chance.choice(["toll", "tip", "waiting_fee"])
        events = [event(booking, add(component, "1.00")) for _ in range(12 if change % 10 == 0 else 1)]
        for _ in range(1 + change % 2):
            answers = ledger.append_many(events, source="tolls" if number % 2 else "pricing")
        appended += [answer.event for answer in answers]  # type: ignore[union-attr]
    return [(one.booking_id, one.version, one.partition, one.position) for one in appended]


def write_in_a_process(number: int, shared: str) -> list[tuple[str, int, int, int]]:
    connections.close_all()
    return write(number, shared)


def test_readers_have_every_event_once_and_in_order_while_six_write() -> None:
    """Three writers are threads, three processes. Readers: of all, two that share, and one with a filter."""
    shared = given(set_("10.00"))
    count = len(heads())
    low, high = list(range(count // 2)), list(range(count // 2, count))
    everything = [Reader(), Reader(limit=1000)]
    sharing = [Reader(share=low), Reader(share=high)]
    tips = Reader(wanted=Wanted(components=["tip"], sources=["tolls"]))
    readers = [reader.begin() for reader in (*everything, *sharing, tips)]
    before = heads()
    written = threading.Event()
    connections.close_all()
    with get_context("fork").Pool(WRITERS // 2) as processes, ThreadPoolExecutor(len(readers)) as threads:
        reading = [threads.submit(reader.run, written) for reader in readers]
        try:
            others = processes.starmap_async(write_in_a_process, [(n, shared) for n in range(WRITERS // 2)])
            ours = together([partial(write, n, shared) for n in range(WRITERS // 2, WRITERS)])
            acknowledged = sorted(place for its in (*ours, *others.get(timeout=90)) for place in its)
        finally:
            written.set()
        for one in reading:
            one.result(timeout=60)

    after = heads()
    appended = sum(after[p] - before[p] for p in after)
    assert (
        len(acknowledged) == len(set(acknowledged)) == appended - 3 * WRITERS
    )  # the SETs of the writers' own
    for reader in everything:
        assert len(reader.seen) == len(set(reader.seen)) == appended
        assert set(acknowledged) <= set(reader.seen)
        assert reader.known == after
    assert sorted(sharing[0].seen + sharing[1].seen) == sorted(everything[0].seen)
    for reader in readers:
        assert_in_version_order(reader)
    assert tips.known == after
    assert 0 < len(tips.seen) == len(set(tips.seen)) < appended
    assert set(tips.seen) <= set(everything[0].seen)


def assert_in_version_order(reader: Reader) -> None:
    versions: dict[str, int] = defaultdict(int)
    for booking, version, _, _ in reader.seen:
        assert version > versions[booking]
        if reader.wanted == Wanted() and versions[booking]:
            assert version == versions[booking] + 1
        versions[booking] = version


def test_what_is_not_committed_is_neither_read_nor_passed_over() -> None:
    """An approval holds its transaction open: its event, and those behind it in its log, come in their turn."""
    booking = given(set_("10.00"))
    elsewhere = new_booking_id()
    reader = Reader().begin()
    toll = event(booking, add("toll", "1.00", transaction_id=uuid4()))
    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            ledger.append_correction(toll, corrects_version=1, source="support-desk")
            behind = thread.submit(append_and_close, booking)

            def look() -> None:
                append(elsewhere, set_("1.00") if not reader.seen else add("tip", "1.00"))
                reader.take(follow(reader.at, limit=1000))
                connections.close_all()

            for _ in range(3):
                other = threading.Thread(target=look)
                other.start()
                other.join()
            assert {seen for seen, *_ in reader.seen} == {elsewhere}
            assert not behind.done(), "it waits for its turn in the log"
        assert behind.result(timeout=10) == 3
    reader.take(follow(reader.at, limit=1000))
    assert [version for seen, version, *_ in reader.seen if seen == booking] == [2, 3]


def append_and_close(booking: str) -> int:
    """Appends behind the open transaction, as often as it takes: its turn may come too late for one call."""
    try:
        while True:
            try:
                return append(booking, add("waiting_fee", "1.00")).version
            except ledger.Unavailable:
                continue
    finally:
        connections.close_all()
