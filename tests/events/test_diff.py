"""Two states of a fare compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from events import history
from events.diff import Difference, diff
from events.errors import InvalidParameter, UnknownBooking, UnknownEvent
from tests.builders import add, given, new_booking_id, set_, sub

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def ride() -> str:
    return given(set_("14.00"), add("toll", "5.00"), sub("promo", "2.00"), add("toll", "1.00"))


def test_each_component_is_told_before_and_after_and_the_events_in_between() -> None:
    found = diff(ride(), 2, 4, limit=10)
    assert found.components == [
        Difference("base_fare", Decimal("14.00"), Decimal("14.00")),
        Difference("toll", Decimal("5.00"), Decimal("6.00")),
        Difference("promo", Decimal(0), Decimal("-2.00")),
    ]
    assert [event.version for event in found.events] == [3, 4]
    assert (found.fares.before, found.fares.after, found.fares.change) == (
        Decimal("19.00"), Decimal("18.00"), Decimal("-1.00"),
    )  # fmt: skip


def test_a_set_takes_the_other_components_away() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"), set_("20.00"))
    assert [each.change for each in diff(booking, 2, 3, limit=10).components] == [
        Decimal("6.00"),
        Decimal("-5.00"),
    ]


def test_before_the_first_event_there_was_no_fare() -> None:
    found = diff(ride(), 0, 1, limit=10)
    assert found.before is None
    assert found.fares.change == Decimal("14.00")


def test_a_time_stands_for_what_was_recorded_before_it() -> None:
    booking = ride()
    second = history.event_of(booking, 2).recorded_at
    found = diff(booking, LONG_AGO, second + timedelta(microseconds=1), limit=10)
    assert found.before is None
    assert found.after is not None
    assert found.after.version >= 2
    assert diff(booking, second, 2, limit=10).events_between >= 1


def test_only_so_many_events_are_read_the_first_ones() -> None:
    found = diff(ride(), 0, 4, limit=3)
    assert ([event.version for event in found.events], found.events_between) == ([1, 2, 3], 4)


def test_the_same_state_twice_differs_in_nothing() -> None:
    found = diff(ride(), 3, 3, limit=10)
    assert found.events == []
    assert all(each.change == 0 for each in found.components)


def test_what_was_never_is_refused() -> None:
    booking = ride()
    with pytest.raises(UnknownEvent):
        diff(booking, 1, 5, limit=10)
    with pytest.raises(UnknownBooking):
        diff(new_booking_id(), 0, 1, limit=10)
    with pytest.raises(InvalidParameter) as refused:
        diff(booking, 3, 2, limit=10)
    assert [error.pointer for error in refused.value.errors] == ["/to"]
