"""Batches: an answer for each event, in the order given; one commit per partition."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

from events import history, ledger
from events.errors import FirstEventMustSet, TransactionIdReused, VersionConflict
from events.ledger import Appended
from events.partitions import partition_of
from tests.builders import add, event, given, new_booking_id, set_, sub, then_fare


def test_every_event_is_answered_in_the_order_given() -> None:
    bookings = [new_booking_id() for _ in range(30)]
    events = [event(b, set_("10.00")) for b in bookings] + [event(b, add("toll", "1.00")) for b in bookings]
    answers = ledger.append_many(events, source="pricing")
    assert [(a.event.booking_id, a.event.version) for a in answers if isinstance(a, Appended)] == [
        *((b, 1) for b in bookings),
        *((b, 2) for b in bookings),
    ]


def test_a_refused_event_does_not_stop_the_others() -> None:
    known, unknown = given(set_("10.00")), new_booking_id()
    answers = ledger.append_many(
        [
            event(unknown, add("toll", "1.00")),
            event(known, add("toll", "1.00", expected_version=9)),
            event(known, add("toll", "1.00", expected_version=1)),
            event(unknown, set_("5.00")),
            event(unknown, sub("promo", "1.00", expected_version=1)),
        ],
        source="pricing",
    )
    assert [type(answer) for answer in answers] == [
        FirstEventMustSet, VersionConflict, Appended, Appended, Appended,
    ]  # fmt: skip
    then_fare(known, "11.00", version=2)
    then_fare(unknown, "4.00", version=2)


def test_an_id_twice_in_one_batch_is_a_replay() -> None:
    booking = given(set_("10.00"))
    toll = event(booking, add("toll", "1.00"))
    other = event(booking, add("toll", "2.00", transaction_id=toll.transaction_id))
    answers = ledger.append_many([toll, toll, other, toll], source="toll")
    assert [a.replayed if isinstance(a, Appended) else type(a) for a in answers] == [
        False, True, TransactionIdReused, True,
    ]  # fmt: skip
    then_fare(booking, "11.00", version=2)


def test_an_id_that_was_refused_earlier_in_the_batch_is_not_used_up() -> None:
    booking = given(set_("10.00"))
    transaction_id = uuid4()
    answers = ledger.append_many(
        [
            event(booking, sub("promo", "11.00", transaction_id=transaction_id)),
            event(booking, sub("promo", "1.00", transaction_id=transaction_id)),
        ],
        source="promo",
    )
    assert [answer.code if not isinstance(answer, Appended) else "appended" for answer in answers] == [
        "negative_fare",
        "appended",
    ]
    then_fare(booking, "9.00", version=2)


def test_a_batch_sent_twice_adds_nothing() -> None:
    bookings = [new_booking_id() for _ in range(10)]
    events = [event(b, change) for b in bookings for change in (set_("10.00"), add("toll", "1.00"))]
    ledger.append_many(events, source="pricing")
    again = ledger.append_many(events, source="pricing")
    assert all(isinstance(answer, Appended) and answer.replayed for answer in again)
    for booking in bookings:
        then_fare(booking, "11.00", version=2)


def test_more_events_than_one_call_takes_are_split() -> None:
    booking = new_booking_id()
    events = [event(booking, set_("0")), *(event(booking, add("toll", "0.01")) for _ in range(2500))]
    answers = ledger.append_many(events, source="toll")
    assert all(isinstance(answer, Appended) for answer in answers)
    then_fare(booking, "25.00", version=2501)


def test_no_events_are_no_work() -> None:
    assert ledger.append_many([], source="pricing") == []


def test_a_bookings_events_lie_in_version_order_in_its_partitions_log() -> None:
    bookings = [new_booking_id() for _ in range(20)]
    ledger.append_many([event(b, set_("1.00")) for b in bookings], source="pricing")
    ledger.append_many([event(b, add("toll", "1.00")) for b in reversed(bookings)], source="pricing")
    for booking in bookings:
        first, second = history.events_of(booking)
        assert first.partition == second.partition == partition_of(booking)
        assert first.position < second.position
        assert second.components == {"base_fare": Decimal("1.00"), "toll": Decimal("1.00")}
