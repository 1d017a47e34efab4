"""The database's fare and the fold of the events are the same, for any history."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events import history, ledger
from events.fold import fold
from events.ledger import Appended
from events.partitions import partition_of
from projections import runner
from projections.models import CurrentFare
from projections.projectors.current_fare import CurrentFareProjector
from tests.builders import event, new_booking_id
from tests.properties.strategies import histories

PROJECTOR = CurrentFareProjector()


@given(histories())
@settings(max_examples=60, deadline=None)
def test_what_the_ledger_stores_is_the_fold_of_what_it_took(asked: tuple[str, list[dict[str, Any]]]) -> None:
    _, changes = asked
    booking = new_booking_id()
    answers = [ledger.append_many([event(booking, change)], source="pricing")[0] for change in changes]
    taken = [answer.event for answer in answers if isinstance(answer, Appended)]
    stored = history.events_of(booking)
    assert stored == taken
    for version, stored_event in enumerate(stored, start=1):
        fare = fold(stored[:version])
        assert (stored_event.version, stored_event.fare) == (version, fare.amount)
        assert list(stored_event.components.items()) == list(fare.components.items())
        before = stored[version - 2].fare if version > 1 else Decimal(0)
        assert stored_event.change == stored_event.fare - before
    assert all(e.fare >= 0 or e.change >= 0 or e.allow_negative for e in stored)


@given(histories())
@settings(max_examples=30, deadline=None)
def test_one_batch_does_what_single_appends_do(asked: tuple[str, list[dict[str, Any]]]) -> None:
    _, changes = asked
    one_by_one, at_once = new_booking_id(), new_booking_id()
    single = [ledger.append_many([event(one_by_one, change)], source="pricing")[0] for change in changes]
    batch = ledger.append_many([event(at_once, change) for change in changes], source="pricing")
    assert [summary(answer) for answer in single] == [summary(answer) for answer in batch]


@given(histories(), st.sampled_from((1, 2, 3, 1000)), st.integers(1, 4))
@settings(max_examples=20, deadline=None)
def test_the_view_is_the_fold_however_the_feed_is_cut(
    asked: tuple[str, list[dict[str, Any]]], page_events: int, appends: int
) -> None:
    _, changes = asked
    booking = new_booking_id()

    def drain() -> None:
        runner.drain(PROJECTOR, [partition_of(booking)], page_events=page_events)

    for index, change in enumerate(changes):
        ledger.append_many([event(booking, change)], source="pricing")
        if index % appends == 0:
            drain()
    drain()
    view, fare = CurrentFare.objects.get(booking_id=booking), fold(history.events_of(booking))
    assert (view.version, view.fare, view.breakdown) == (fare.version, fare.amount, fare.components)


def summary(answer: object) -> object:
    if isinstance(answer, Appended):
        return answer.event.version, answer.event.fare, answer.event.components
    return type(answer)
