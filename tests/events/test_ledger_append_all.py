"""All or none: many events in one transaction over their partitions."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction

from events import history, ledger, metrics, wakeup
from events.errors import BatchRefused, InvalidEvent, NegativeFare, Unavailable, VersionConflict
from events.ledger import Appended
from events.new_event import NewEvent
from events.partitions import partition_of
from tests.builders import add, append, connected, event, given, new_booking_id, set_, sub, then_fare
from tests.faults import killed_at_each_step
from tests.threads import together


def bookings_of_partitions(count: int) -> list[str]:
    """New bookings, each of another partition, in the order in which their turns are taken."""
    found: dict[int, str] = {}
    while len(found) < count:
        booking = new_booking_id()
        found.setdefault(partition_of(booking), booking)
    return [found[partition] for partition in sorted(found)]


@contextmanager
def turn_held(booking: str) -> Iterator[None]:
    """Somebody else has the turn of the booking's partition."""
    with connected("owner") as other, other.transaction():
        other.execute(
            "SELECT 1 FROM ledger.partition_turn WHERE partition = %s FOR NO KEY UPDATE",
            [partition_of(booking)],
        )
        yield


def test_all_are_in_and_answered_in_the_order_given() -> None:
    bookings = bookings_of_partitions(12)[::-1]
    events = [event(b, set_("10.00")) for b in bookings] + [event(b, add("toll", "1.00")) for b in bookings]
    answers = ledger.append_all(events, source="pricing")
    assert [(a.event.booking_id, a.event.version, a.replayed) for a in answers] == [
        *((b, 1, False) for b in bookings),
        *((b, 2, False) for b in bookings),
    ]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (sub("promo", "11.00"), NegativeFare),
        (add("toll", "1.00", expected_version=3), VersionConflict),
        (add("toll", "1.001"), InvalidEvent),
    ],
)
def test_where_one_is_refused_none_is_in(change: dict[str, object], error: type[Exception]) -> None:
    """Wherever it stands: at the first of the partitions, in the middle, or at the last."""
    known = given(set_("10.00"))
    new = bookings_of_partitions(7)
    for index in (0, 3, 7):
        events = [event(each, set_("5.00")) for each in new]
        events.insert(index, event(known, change))
        with pytest.raises(BatchRefused) as refused:
            ledger.append_all(events, source="pricing")
        assert refused.value.index == index
        assert isinstance(refused.value.cause, error)
        assert [history.head_of(each) for each in new] == [None] * len(new)
    then_fare(known, "10.00", version=1)


def test_of_several_that_are_refused_the_first_in_order_is_told() -> None:
    new = bookings_of_partitions(6)[::-1]
    events = [event(each, add("toll", "1.00") if i % 2 else set_("1.00")) for i, each in enumerate(new)]
    with pytest.raises(BatchRefused) as refused:
        ledger.append_all(events, source="pricing")
    assert refused.value.index == 1


def test_events_that_are_rolled_back_are_not_counted_as_appended() -> None:
    def counts() -> dict[str, float]:
        return {name: metrics.APPENDS.labels(name)._value.get() for name in ("appended", "negative_fare")}

    bookings = bookings_of_partitions(3)
    events = [event(booking, set_("10.00")) for booking in bookings]
    before = counts()
    with pytest.raises(BatchRefused):
        ledger.append_all([*events, event(bookings[1], sub("base_fare", "11.00"))], source="pricing")
    assert counts() == {"appended": before["appended"], "negative_fare": before["negative_fare"] + 1}
    ledger.append_all(events, source="pricing")
    assert counts()["appended"] == before["appended"] + 3


def test_replays_count_as_accepted() -> None:
    known, new = new_booking_id(), new_booking_id()
    first = event(known, set_("10.00"))
    ledger.append(first, source="pricing")
    toll = event(known, add("toll", "1.00"))
    answers = ledger.append_all([first, toll, toll, event(new, set_("5.00"))], source="pricing")
    assert [answer.replayed for answer in answers] == [True, False, True, False]
    assert all(answer.replayed for answer in ledger.append_all([first, toll], source="pricing"))
    then_fare(known, "11.00", version=2)


def test_it_has_a_transaction_of_its_own() -> None:
    booking = new_booking_id()
    with transaction.atomic(), pytest.raises(ledger.OpenTransaction):
        ledger.append_all([event(booking, set_("1.00"))], source="pricing")
    assert history.head_of(booking) is None


def test_whoever_is_killed_leaves_nothing_or_all() -> None:
    bookings = bookings_of_partitions(4)
    deaths, seen = 0, set()
    for _step in killed_at_each_step("tests.events.killed:append_all", *bookings):
        deaths += 1
        known = {history.head_of(each) is not None for each in bookings}
        assert len(known) == 1, "some are in, and some are not"
        seen |= known
    assert deaths >= 6  # four appends, the commit, and the wake-up after it
    assert seen == {False, True}


def test_a_commit_whose_reply_is_lost_is_settled_by_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    bookings = bookings_of_partitions(3)
    events = [event(each, set_("10.00")) for each in bookings]
    commit = connection.commit

    def committed_and_cut_off() -> None:
        commit()
        connection.connection.close()
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "commit", committed_and_cut_off)
        with pytest.raises(Unavailable):
            ledger.append_all(events, source="pricing")
    answers = ledger.append_all(events, source="pricing")
    assert [answer.replayed for answer in answers] == [True] * 3


def test_a_turn_that_somebody_holds_is_not_waited_for_for_long_and_nothing_is_in() -> None:
    bookings = bookings_of_partitions(5)
    events = [event(each, set_("10.00")) for each in bookings]
    with turn_held(bookings[3]), pytest.raises(Unavailable):
        ledger.append_all(events, source="pricing")
    assert [history.head_of(each) for each in bookings] == [None] * 5
    assert not any(answer.replayed for answer in ledger.append_all(events, source="pricing"))


def test_a_batch_that_has_held_its_turns_for_long_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    bookings = bookings_of_partitions(3)
    monkeypatch.setattr(ledger, "_HOLD_SECONDS", -1.0)
    with pytest.raises(Unavailable):
        ledger.append_all([event(each, set_("10.00")) for each in bookings], source="pricing")
    assert [history.head_of(each) for each in bookings] == [None] * 3


def test_the_read_side_is_told_after_the_commit_and_only_of_what_is_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[tuple[set[int], bool]] = []
    monkeypatch.setattr(wakeup, "wake", lambda some, _: told.append((set(some), connection.in_atomic_block)))
    one, two = bookings_of_partitions(2)
    first = event(one, set_("10.00"))
    ledger.append_all([first], source="pricing")
    ledger.append_all([first, event(two, set_("10.00"))], source="pricing")
    with pytest.raises(BatchRefused):
        ledger.append_all(
            [event(one, add("toll", "1.00")), event(one, sub("promo", "99.00"))], source="pricing"
        )
    assert told == [({partition_of(one)}, False), ({partition_of(two)}, False)]


def test_opposing_batches_do_not_deadlock_and_lose_nothing() -> None:
    """Each takes all bookings in an order of its own, beside appends of one and batches of each for itself."""
    bookings = bookings_of_partitions(8)
    for each in bookings:
        append(each, set_("0.00"))
    accepted = [0] * len(bookings)
    counting = threading.Lock()

    def tolls(order: list[str]) -> list[NewEvent]:
        return [event(each, add("toll", "1.00")) for each in order]

    def until_in(work: partial[list[Appended]]) -> None:
        for _ in range(50):
            try:
                work()
            except Unavailable:  # the machine is slow; the same again
                continue
            return
        raise AssertionError("it never got in")

    def atomic(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(8):
            order = chance.sample(bookings, len(bookings))
            until_in(partial(ledger.append_all, tolls(order), source="toll"))
            with counting:
                accepted[:] = [count + 1 for count in accepted]

    def each_for_itself() -> None:
        for _ in range(8):
            events = tolls(bookings[::-1])
            answers = ledger.append_many(events, source="toll")
            while any(isinstance(answer, Unavailable) for answer in answers):
                answers = ledger.append_many(events, source="toll")
            with counting:
                accepted[:] = [count + 1 for count in accepted]

    together([*(partial(atomic, seed) for seed in range(4)), each_for_itself, each_for_itself])
    for booking, count in zip(bookings, accepted, strict=True):
        then_fare(booking, f"{count}.00", version=count + 1)


def test_what_is_not_answered_ends_a_batch_that_is_each_for_itself() -> None:
    """What is left is not tried: with the database away, each of 64 partitions would wait as long."""
    bookings = bookings_of_partitions(4)
    events = [event(each, set_("10.00")) for each in bookings]
    with turn_held(bookings[1]), turn_held(bookings[2]), turn_held(bookings[3]):
        answers = ledger.append_many(events, source="pricing")
    assert isinstance(answers[0], Appended)
    assert answers[1:] == [answers[1]] * 3
    assert isinstance(answers[1], Unavailable)
    again = ledger.append_many(events, source="pricing")
    assert [answer.replayed for answer in again if isinstance(answer, Appended)] == [
        True,
        False,
        False,
        False,
    ]
