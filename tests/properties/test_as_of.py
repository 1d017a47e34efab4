"""The fare as it was is the fold of the events that count, whatever the history and whatever is asked of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import history, ledger
from events.as_of import Bounds, events_as_of, fare_as_of, version_recorded_before
from events.diff import diff
from events.errors import NothingYet
from events.event import EventType, FareEvent
from events.fold import fold
from tests.builders import event, new_booking_id
from tests.properties.strategies import histories

DAY = datetime(2026, 5, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def recorded(changes: list[dict[str, Any]], hours: list[int | None]) -> list[FareEvent]:
    """The events of a new booking with this history, each having happened at an hour of the day, or when recorded."""
    booking = new_booking_id()
    for change, hour in zip(changes, hours, strict=True):
        occurred_at = None if hour is None else DAY + timedelta(hours=hour)
        ledger.append_many([event(booking, {**change, "occurred_at": occurred_at})], source="pricing")
    return history.events_of(booking)


@st.composite
def timed_histories(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[int | None]]:
    _, changes = draw(histories())
    hour = st.one_of(st.none(), st.integers(0, 5))
    return changes, draw(st.lists(hour, min_size=len(changes), max_size=len(changes)))


def sums_of(events: list[FareEvent]) -> dict[str, Decimal]:
    """What events come to, in the plainest words, also where none of them sets the fare."""
    sums: dict[str, Decimal] = {}
    for each in events:
        if each.type == EventType.SET:
            sums = {each.component: each.amount}
        else:
            signed = each.amount if each.type == EventType.ADD else -each.amount
            sums[each.component] = sums.get(each.component, Decimal(0)) + signed
    return sums


@given(timed_histories())
@settings(max_examples=40, deadline=None)
def test_as_of_each_version_is_the_fold_of_the_first_events(
    asked: tuple[list[dict[str, Any]], list[int | None]],
) -> None:
    events = recorded(*asked)
    for version in range(1, len(events) + 1):
        then = fare_as_of(events[0].booking_id, Bounds(version=version))
        expected = fold(events[:version])
        assert (then.last, then.fare, then.events) == (events[version - 1], expected.amount, version)
        assert list(then.components.items()) == list(expected.components.items())
        assert then.complete


@given(timed_histories(), st.data())
@settings(max_examples=120, deadline=None)
def test_as_of_any_bounds_is_the_fold_of_the_events_that_meet_them_all(
    asked: tuple[list[dict[str, Any]], list[int | None]], data: st.DataObject
) -> None:
    events = recorded(*asked)
    booking = events[0].booking_id
    known = st.sampled_from([each.recorded_at for each in events])
    bounds = Bounds(
        version=data.draw(st.none() | st.integers(1, len(events))),
        recorded_before=data.draw(st.none() | known | known.map(lambda at: at + TICK)),
        occurred_before=data.draw(
            st.none() | st.integers(0, 6).map(lambda hour: DAY + timedelta(hours=hour))
        ),
    )
    met = [each for each in events if meets(each, bounds)]
    if not met:
        with pytest.raises(NothingYet):
            fare_as_of(booking, bounds)
        return
    then = fare_as_of(booking, bounds)
    assert (then.last, then.first_version, then.events) == (met[-1], met[0].version, len(met))
    assert list(then.components.items()) == list(sums_of(met).items())
    assert then.complete == any(each.type == EventType.SET for each in met)

    limit = data.draw(st.integers(1, len(met)))
    shown = events_as_of(booking, bounds, before_version=then.last.version + 1, limit=limit)
    assert [each.version for each in shown] == [each.version for each in met[-limit:]]
    assert shown[-1].components == then.components
    for at, each in enumerate(shown, start=len(met) - limit):
        before = sum(sums_of(met[:at]).values(), Decimal(0))
        after = sum(sums_of(met[: at + 1]).values(), Decimal(0))
        assert (each.fare, each.change) == (after, after - before)


def meets(each: FareEvent, bounds: Bounds) -> bool:
    return (
        (bounds.version is None or each.version <= bounds.version)
        and (bounds.recorded_before is None or each.recorded_at < bounds.recorded_before)
        and (bounds.occurred_before is None or each.occurred_at < bounds.occurred_before)
    )


@given(histories())
@settings(max_examples=30, deadline=None)
def test_the_version_that_was_recorded_before_a_time_is_the_last_one_before_it(
    asked: tuple[str, list[dict[str, Any]]],
) -> None:
    events = recorded(asked[1], [None] * len(asked[1]))
    booking = events[0].booking_id
    for each in events:
        for instant in (each.recorded_at, each.recorded_at + TICK):
            expected = max((e.version for e in events if e.recorded_at < instant), default=0)
            assert version_recorded_before(booking, instant) == expected


@given(histories(), st.data())
@settings(max_examples=40, deadline=None)
def test_the_changes_of_a_diff_and_its_events_both_sum_to_the_change_of_the_fare(
    asked: tuple[str, list[dict[str, Any]]], data: st.DataObject
) -> None:
    events = recorded(asked[1], [None] * len(asked[1]))
    first = data.draw(st.integers(0, len(events)))
    last = data.draw(st.integers(first, len(events)))
    found = diff(events[0].booking_id, first, last, limit=50)
    assert found.events == events[first:last]
    before, after = (events[version - 1].fare if version else Decimal(0) for version in (first, last))
    assert sum((each.change for each in found.components), Decimal(0)) == after - before
    assert sum((each.change for each in found.events), Decimal(0)) == after - before == found.fares.change
    assert {each.component: each.after for each in found.components if each.after} == {
        name: amount for name, amount in (events[last - 1].components if last else {}).items() if amount
    }
