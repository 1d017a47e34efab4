"""Many writers at once: nothing lost, doubled or out of order, and nobody waits for a doomed call."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise

from django.db import connection

from events import feed, history, ledger
from events.errors import LedgerError, Unavailable, VersionConflict
from events.ledger import Appended
from events.partitions import partition_of
from tests.builders import add, connected, event, given, new_booking_id, set_, sub, then_fare
from tests.threads import together


def outcome(booking: str, change: dict[str, object]) -> str:
    try:
        return "replayed" if ledger.append(event(booking, change), source="toll").replayed else "appended"
    except LedgerError as refusal:
        return refusal.code


def test_two_appends_at_one_version_leave_one_winner() -> None:
    for _ in range(20):
        booking = given(set_("10.00"))
        outcomes = together(
            [partial(outcome, booking, add("toll", "1.00", expected_version=1)) for _ in range(4)]
        )
        assert Counter(outcomes) == {"appended": 1, "version_conflict": 3}
        then_fare(booking, "11.00", version=2)


def test_the_same_change_sent_by_many_at_once_is_one_event() -> None:
    for _ in range(20):
        booking = given(set_("10.00"))
        toll = event(booking, add("toll", "1.00"))
        answers = together([partial(ledger.append, toll, source="toll") for _ in range(4)])
        assert Counter(answer.replayed for answer in answers) == {False: 1, True: 3}
        assert len({answer.event.hash for answer in answers}) == 1
        then_fare(booking, "11.00", version=2)


def test_a_new_booking_is_begun_once() -> None:
    for _ in range(20):
        booking = new_booking_id()
        outcomes = together([partial(outcome, booking, set_("10.00", expected_version=0)) for _ in range(4)])
        assert Counter(outcomes) == {"appended": 1, "version_conflict": 3}


def test_appends_at_any_version_all_get_in() -> None:
    booking = given(set_("10.00"))

    def tolls() -> None:
        for _ in range(25):
            assert outcome(booking, add("toll", "1.00")) == "appended"

    together([tolls] * 8)
    then_fare(booking, "210.00", version=201)
    assert [e.version for e in history.events_of(booking)] == list(range(1, 202))


def test_read_modify_write_loses_no_update() -> None:
    """Each writer takes the conflict's own answer as what it read; every change is made from the newest fare."""
    booking = given(set_("0.00"))

    def add_until_in() -> None:
        for _ in range(10):
            version = 1
            while True:
                try:
                    ledger.append(
                        event(booking, add("toll", "0.01", expected_version=version)), source="toll"
                    )
                    break
                except VersionConflict as conflict:
                    version = conflict.current.version

    together([add_until_in] * 6)
    then_fare(booking, "0.60", version=61)


def test_batches_and_single_appends_together_leave_contiguous_logs() -> None:
    before = feed.heads()
    bookings = [new_booking_id() for _ in range(60)]

    def batch(mine: list[str]) -> int:
        changes = [event(b, change) for b in mine for change in (set_("5.00"), add("toll", "1.00"))]
        return sum(isinstance(answer, Appended) for answer in ledger.append_many(changes, source="import"))

    def singles() -> int:
        booking = given(set_("5.00"))
        return 1 + sum(outcome(booking, add("toll", "1.00")) == "appended" for _ in range(40))

    work: list[Callable[[], int]] = [partial(batch, bookings[i::3]) for i in range(3)]
    appended = sum(together([*work, singles, singles]))
    after = feed.heads()
    assert sum(after.values()) - sum(before.values()) == appended == 120 + 82
    for partition, head in after.items():
        assert positions(partition) == (head, head)


def positions(partition: int) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(max(position), 0) FROM ledger.fare_event WHERE partition = %s",
            [partition],
        )
        counted, last = cursor.fetchone()
    return counted, last


def test_recorded_times_never_run_backwards_in_a_log() -> None:
    booking = given(set_("1.00"))
    together([lambda: [outcome(booking, add("toll", "0.01")) for _ in range(20)]] * 4)
    times = [e.recorded_at for e in history.events_of(booking)]
    assert all(earlier <= later for earlier, later in pairwise(times))


def test_a_known_or_doomed_append_does_not_wait_for_the_turn() -> None:
    toll = add("toll", "1.00")
    booking = new_booking_id()
    known = event(booking, set_("10.00"))
    ledger.append(known, source="pricing")
    with connected("owner") as other, other.transaction():
        other.execute(
            "SELECT 1 FROM ledger.partition_turn WHERE partition = %s FOR NO KEY UPDATE",
            [partition_of(booking)],
        )
        assert ledger.append(known, source="pricing").replayed
        assert outcome(booking, toll | {"expected_version": 0}) == "version_conflict"
        # Any other has to wait, and gives up at the role's lock timeout; nothing was written.
        assert outcome(booking, toll) == Unavailable.code
    then_fare(booking, "10.00", version=1)


def test_an_append_waits_for_the_turn_and_goes_on_when_it_is_free() -> None:
    booking = given(set_("10.00"))
    outcomes: list[str] = []
    waiting = threading.Thread(
        target=lambda: outcomes.append(together([partial(outcome, booking, sub("promo", "1.00"))])[0])
    )
    with connected("owner") as other, other.transaction():
        other.execute(
            "SELECT 1 FROM ledger.partition_turn WHERE partition = %s FOR NO KEY UPDATE",
            [partition_of(booking)],
        )
        waiting.start()
        wait_until_somebody_waits(other)
        assert outcomes == []
    waiting.join(timeout=60)
    assert outcomes == ["appended"]


def test_appends_to_different_partitions_do_not_wait_for_each_other() -> None:
    held, free = given(set_("10.00")), given(set_("10.00"))
    while partition_of(free) == partition_of(held):
        free = given(set_("10.00"))
    with connected("owner") as other, other.transaction():
        other.execute(
            "SELECT 1 FROM ledger.partition_turn WHERE partition = %s FOR NO KEY UPDATE", [partition_of(held)]
        )
        assert outcome(free, add("toll", "1.00")) == "appended"


def test_an_append_goes_on_beside_a_long_snapshot() -> None:
    """A reader's open transaction, or a backup, holds nobody up."""
    booking = given(set_("10.00"))
    with connected("default") as reader, reader.transaction():
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM ledger.ledger")
        assert outcome(booking, add("toll", "1.00")) == "appended"
    then_fare(booking, "11.00", version=2)


def wait_until_somebody_waits(connection) -> None:
    for _ in range(1000):
        (waiting,) = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
        if waiting:
            return
        threading.Event().wait(0.005)
    raise AssertionError("nobody waits for the turn")
