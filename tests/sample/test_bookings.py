from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import pairwise

from farehistory.sample.bookings import FIRST_BOOKING, Booking, bookings
from farehistory.sample.cities import CITIES


def test_the_sample_is_the_same_every_time() -> None:
    assert list(bookings()) == list(bookings())


def test_there_are_some_hundred_bookings_in_six_currencies() -> None:
    sample = list(bookings())
    assert 300 <= len({booking.booking_id for booking in sample}) == len(sample)
    assert {booking.currency for booking in sample} == {"SGD", "THB", "VND", "JPY", "KWD", "USD"}


def test_the_booking_of_the_docs_comes_first_and_costs_23_40() -> None:
    first = next(iter(bookings()))
    assert (first.booking_id, first.currency) == (FIRST_BOOKING, "SGD")
    assert signed_amounts(first) == [Decimal("14.00"), Decimal("5.00"), Decimal("6.40"), Decimal("-2.00")]


def signed_amounts(booking: Booking) -> list[Decimal]:
    return [-step.amount if step.type == "SUB" else step.amount for step in booking.steps]


def test_a_changed_destination_keeps_the_pickup() -> None:
    booking = next(booking for booking in bookings() if booking.booking_id == "BK-1002")
    first, second = (step for step in booking.steps if step.type == "SET")
    assert first.metadata["pickup"] == second.metadata["pickup"]
    assert second.metadata["dropoff"] not in (first.metadata["pickup"], first.metadata["dropoff"])
    assert second.description == f"Destination changed to {second.metadata['dropoff']}"


def test_a_rider_who_comes_late_is_waited_for_before_the_toll() -> None:
    late = {city.waiting_text for city in CITIES}
    for booking in bookings():
        components = [step.component for step in booking.steps]
        if any(step.description in late for step in booking.steps) and "toll" in components:
            assert components.index("waiting_fee") < components.index("toll"), booking.booking_id


def test_trips_are_written_without_an_arrow_which_points_back_from_right_to_left() -> None:
    assert not any("→" in (step.description or "") for booking in bookings() for step in booking.steps)


def test_all_five_services_have_a_part_in_it() -> None:
    sources = Counter(step.source for booking in bookings() for step in booking.steps)
    assert set(sources) == {"pricing", "toll", "waiting", "promo", "support-desk"}


def test_some_double_charged_tolls_were_put_right_and_some_are_left_to_find() -> None:
    doubled = [booking for booking in bookings() if was_charged_twice(booking)]
    put_right = [booking for booking in doubled if booking.steps[-1].source == "support-desk"]
    assert 0 < len(put_right) < len(doubled)
    assert all(booking.steps[-1].amount == booking.steps[-2].amount for booking in put_right)


def was_charged_twice(booking: Booking) -> bool:
    charges = [(step.component, step.amount, step.metadata) for step in booking.steps]
    return any(first == second for first, second in pairwise(charges))


def test_every_event_lies_in_the_past_when_the_sample_is_made() -> None:
    for booking in bookings():
        assert sum((step.after for step in booking.steps), -booking.age).total_seconds() < 0
