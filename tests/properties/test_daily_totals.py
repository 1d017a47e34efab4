"""The daily totals against the fold, for any histories however the feed is cut."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from events import history, ledger
from events.event import FareEvent
from events.fold import Fare, fold
from events.partitions import partition_of
from projections import runner
from projections.projectors.daily_totals import DailyTotalsProjector
from projections.totals import totals
from tests.builders import event, new_booking_id
from tests.properties.strategies import histories

PROJECTOR = DailyTotalsProjector()
Key = tuple[date, str, str, str]


@given(
    st.lists(histories(), min_size=1, max_size=4),
    st.sampled_from((1, 2, 3, 1000)),
    st.integers(1, 3),
)
@settings(max_examples=40, deadline=None)
def test_the_totals_are_what_the_fold_says_of_each_event(
    asked: list[tuple[str, list[dict[str, Any]]]], page_events: int, sources: int
) -> None:
    names = [f"p-{uuid4().hex}" for _ in range(sources)]
    bookings = [append_all(changes, names, page_events) for _, changes in asked]
    drain(bookings, page_events)

    found = [total for name in names for total in totals(date.min, date.max, source=name)]
    expected = summed(bookings)
    assert {(t.day, t.currency, t.component, t.source): (t.change, t.events) for t in found} == expected

    # Over all days and components, per currency: the fares, and the events.
    fares: dict[str, Decimal] = defaultdict(Decimal)
    for booking in bookings:
        events = history.events_of(booking)
        fares[events[0].currency] += fold(events).amount
    changes: dict[str, Decimal] = defaultdict(Decimal)
    for total in found:
        changes[total.currency] += total.change
    assert changes == fares
    assert sum(total.events for total in found) == sum(len(history.events_of(b)) for b in bookings)


def append_all(changes: list[dict[str, Any]], sources: list[str], page_events: int) -> str:
    """The booking, some of its events counted on the way."""
    booking = new_booking_id()
    for index, change in enumerate(changes):
        ledger.append_many([event(booking, change)], source=sources[index % len(sources)])
        if index % 4 == 3:
            drain([booking], page_events)
    return booking


def drain(bookings: list[str], page_events: int) -> None:
    runner.drain(PROJECTOR, sorted(map(partition_of, bookings)), page_events=page_events)


def summed(bookings: list[str]) -> dict[Key, tuple[Decimal, int]]:
    """Change and events per day, currency, component and source, by the fold alone."""
    changes: dict[Key, Decimal] = defaultdict(Decimal)
    events: dict[Key, int] = defaultdict(int)
    for booking in bookings:
        fare = Fare()
        for each in history.events_of(booking):
            before, fare = fare, fare.after(each)
            events[key(each, each.component)] += 1
            for component in before.components.keys() | fare.components.keys():
                moved = fare.components.get(component, Decimal(0)) - before.components.get(
                    component, Decimal(0)
                )
                if moved:
                    changes[key(each, component)] += moved
    return {each: (changes[each], events[each]) for each in changes.keys() | events.keys()}


def key(each: FareEvent, component: str) -> Key:
    return each.recorded_at.date(), each.currency, component, each.source
