"""The session's ledger is filled once; what is asked of it is asked of the sample's bookings alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from events import history
from events.event import Origin
from farehistory.sample.bookings import FIRST_BOOKING, bookings
from farehistory.sample.fill import Filled, append_all, fill, when_it_was_begun


@pytest.fixture(scope="module")
def filled(django_db_setup: None) -> Filled:
    return fill()


def test_filling_again_adds_nothing(filled: Filled) -> None:
    assert fill() == Filled(filled.bookings, added=0)


def test_the_booking_of_the_docs_has_its_fare(filled: Filled) -> None:
    head = history.head_of(FIRST_BOOKING)
    assert head is not None
    assert (head.version, head.currency, head.fare) == (4, "SGD", Decimal("23.40"))
    assert head.origin is Origin.SAMPLE


def test_every_booking_is_there_with_all_its_events_in_order(filled: Filled) -> None:
    for booking in bookings():
        events = history.events_of(booking.booking_id, limit=len(booking.steps))  # some are corrected later
        assert [(event.source, event.component) for event in events] == [
            (step.source, step.component) for step in booking.steps
        ]
        times = [event.occurred_at for event in events]
        assert times == sorted(times)


def test_it_holds_a_fare_of_zero_a_negative_one_and_a_long_history(filled: Filled) -> None:
    heads = [history.head_of(booking.booking_id) for booking in bookings()]
    fares = [head.fare for head in heads if head]
    assert min(fares) < 0
    assert 0 in fares
    assert max(head.version for head in heads if head) == 40


def test_a_run_that_was_interrupted_is_continued_with_the_same_times(filled: Filled) -> None:
    """All is sent again, as after a crash: each event is a replay, so none differs in its time."""
    assert append_all(list(bookings()), when_it_was_begun()) == 0
