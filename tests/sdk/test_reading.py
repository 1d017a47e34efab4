"""What can be read of a booking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from farehistory_client import (
    Difference,
    Head,
    InvalidParameter,
    UnknownBooking,
    UnknownEvent,
)

from tests.sdk.builders import price, promo, toll


def given(fares: Any, booking: str) -> None:
    fares.append(booking, price(occurred_at=datetime(2026, 5, 3, 14, tzinfo=UTC)), expected_version=0)
    fares.append(booking, toll(occurred_at=datetime(2026, 5, 3, 16, tzinfo=UTC)), expected_version=1)
    fares.append(booking, promo(occurred_at=datetime(2026, 5, 3, 15, tzinfo=UTC)), expected_version=2)


def test_a_fare_of_now(fares: Any, booking: str) -> None:
    given(fares, booking)
    fare = fares.fare(booking, strong=True)
    assert (fare.booking_id, fare.version, fare.events, fare.consistency) == (booking, 3, 3, "strong")
    assert (str(fare.amount), fare.currency, fare.exponent, fare.complete) == ("16.00", "SGD", 2, True)
    assert list(fare.components.items()) == [
        ("base_fare", Decimal("14.00")), ("toll", Decimal("5.00")), ("promo", Decimal("-3.00"))
    ]  # fmt: skip
    assert fares.fare(booking, min_version=3).head == fare.head == Head(3, Decimal("16.00"), "SGD")
    assert fares.fare(booking).version <= 3


def test_what_is_not_there_is_an_error_of_its_own(fares: Any, booking: str) -> None:
    for call in (
        lambda: fares.fare(booking),
        lambda: fares.history(booking),
        lambda: fares.event(booking, 1),
        lambda: fares.diff(booking, 0, 1),
        lambda: fares.fare_as_of(booking, version=1),
        lambda: fares.receipt(booking),
    ):
        with pytest.raises(UnknownBooking):
            call()
    given(fares, booking)
    for call in (
        lambda: fares.event(booking, 4),
        lambda: fares.fare(booking, min_version=4),
        lambda: fares.fare_as_of(booking, version=4),
        lambda: fares.fare_as_of(booking, recorded_before=datetime(2000, 1, 1, tzinfo=UTC)),
        lambda: fares.diff(booking, 0, 4),
    ):
        with pytest.raises(UnknownEvent):
            call()


def test_a_fare_of_the_past(fares: Any, booking: str) -> None:
    given(fares, booking)
    past = fares.fare_as_of(booking, version=2)
    assert (past.amount, past.consistency) == (Decimal("19.00"), "strong")
    now = datetime.now(UTC) + timedelta(minutes=1)
    assert fares.fare_as_of(booking, recorded_before=now).version == 3
    happened = fares.fare_as_of(booking, occurred_before=datetime(2026, 5, 3, 15, 30, tzinfo=UTC))
    assert (happened.amount, happened.version, happened.events) == (Decimal("11.00"), 3, 2)
    both = fares.fare_as_of(booking, version=2, occurred_before=datetime(2026, 5, 3, 15, 30, tzinfo=UTC))
    assert (both.amount, both.complete) == (Decimal("14.00"), True)
    with pytest.raises(ValueError):
        fares.fare_as_of(booking)
    with pytest.raises(ValueError):
        fares.fare_as_of(booking, recorded_before=datetime(2026, 5, 3))  # noqa: DTZ001 - the mistake


def test_a_fare_without_its_price_is_not_complete(fares: Any, booking: str) -> None:
    fares.append(booking, price(occurred_at=datetime(2026, 5, 3, 16, tzinfo=UTC)), expected_version=0)
    fares.append(booking, toll(occurred_at=datetime(2026, 5, 3, 15, tzinfo=UTC)), expected_version=1)
    early = fares.fare_as_of(booking, occurred_before=datetime(2026, 5, 3, 15, 30, tzinfo=UTC))
    assert (early.amount, early.complete) == (Decimal("5.00"), False)


def test_a_history_is_read_page_by_page(fares: Any, booking: str) -> None:
    given(fares, booking)
    first = fares.history(booking, limit=2)
    rest = fares.history(booking, after_version=first.next, limit=2)
    assert [event.version for event in (*first.events, *rest.events)] == [1, 2, 3]
    assert (first.next, rest.next) == (2, None)
    assert fares.event(booking, 2) == first.events[1]
    with pytest.raises(InvalidParameter) as refused:
        fares.history(booking, limit=501)
    assert [(each.pointer, each.code) for each in refused.value.errors] == [("/limit", "invalid_value")]


def test_two_states_are_compared(fares: Any, booking: str) -> None:
    given(fares, booking)
    diff = fares.diff(booking, 1, 3)
    assert (diff.booking_id, diff.currency, diff.change) == (booking, "SGD", Decimal("2.00"))
    zero = Decimal(0)
    assert diff.components["base_fare"] == Difference(Decimal(14), Decimal(14), zero)
    assert diff.components["promo"] == Difference(zero, Decimal(-3), Decimal(-3))
    assert [event.version for event in diff.events] == [2, 3]
    part = fares.diff(booking, 0, datetime.now(UTC) + timedelta(minutes=1), limit=1)
    assert ([event.version for event in part.events], part.next) == ([1], 1)
    with pytest.raises(InvalidParameter):
        fares.diff(booking, 3, 1)
