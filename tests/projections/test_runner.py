"""The view and its checkpoint move together, once for every event, whoever moves them."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import pytest
from django.db import connection, transaction

from events import history
from events.partitions import partition_of
from projections import checkpoints, runner
from projections.checkpoints import ForeignCheckpoint
from projections.models import CurrentFare
from projections.projector import Page
from projections.projectors.current_fare import CurrentFareProjector
from tests.builders import add, append, given, set_, sub
from tests.threads import together

PROJECTOR = CurrentFareProjector()


def drain() -> int:
    return runner.drain(PROJECTOR, runner.lagging(PROJECTOR))


def view_of(booking: str) -> CurrentFare:
    return CurrentFare.objects.get(booking_id=booking)


def test_the_view_shows_the_fare_after_the_last_event() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"), sub("promo", "2.00"))
    drain()
    view, head = view_of(booking), history.head_of(booking)
    assert head is not None
    assert (view.version, view.fare, view.currency) == (3, Decimal("17.00"), "SGD")
    assert list(view.breakdown.items()) == list(head.components.items())
    assert view.last_recorded_at == head.recorded_at
    assert view.first_recorded_at == history.event_of(booking, 1).recorded_at


def test_events_that_come_later_move_it_on() -> None:
    booking = given(set_("14.00"))
    drain()
    append(booking, add("toll", "5.00"))
    append(booking, set_("30.00", component="flat_fare"))
    drain()
    view = view_of(booking)
    assert (view.version, view.fare, view.breakdown) == (3, Decimal("30.00"), {"flat_fare": Decimal("30.00")})


def test_draining_twice_changes_nothing() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    drain()
    assert drain() == 0
    assert runner.drain(PROJECTOR, [partition_of(booking)]) == 0
    assert view_of(booking).version == 2


def test_many_pages_are_taken_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PROJECTOR, "page_events", 3)
    booking = given(set_("0.00"), *(add("toll", "1.00") for _ in range(10)))
    assert drain() >= 11
    assert view_of(booking).version == 11


def test_workers_at_once_move_each_event_once() -> None:
    drain()
    bookings = [given(set_("1.00"), add("toll", "1.00")) for _ in range(20)]
    partitions = sorted({partition_of(booking) for booking in bookings})
    moved = together([partial(runner.drain, PROJECTOR, partitions)] * 4)
    assert sum(moved) == 40
    assert {view_of(booking).version for booking in bookings} == {2}


def test_a_worker_that_dies_before_the_commit_leaves_view_and_checkpoint_together() -> None:
    drain()
    booking = given(set_("14.00"))
    partition = partition_of(booking)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        after = checkpoints.lock(PROJECTOR, partition)
        PROJECTOR.apply(Page(partition, after, after + 1))
        checkpoints.advance(PROJECTOR.name, partition, after=after, upto=after + 1)
        raise ZeroDivisionError
    assert not CurrentFare.objects.filter(booking_id=booking).exists()
    assert runner.lagging(PROJECTOR) == [partition]
    assert drain() == 1
    assert view_of(booking).version == 1


def test_a_partition_that_fails_does_not_keep_the_others_waiting() -> None:
    drain()
    by_partition = {partition_of(booking): booking for booking in (given(set_("14.00")) for _ in range(8))}
    broken, *_, fine = (by_partition[partition] for partition in sorted(by_partition))
    with connection.cursor() as cursor:
        where = [partition_of(broken)]
        cursor.execute("UPDATE projection.checkpoint SET epoch = 99 WHERE partition = %s", where)
        try:
            with pytest.raises(ForeignCheckpoint):
                drain()
            assert view_of(fine).version == 1
        finally:
            cursor.execute("UPDATE projection.checkpoint SET epoch = 1 WHERE partition = %s", where)
    drain()


def test_a_checkpoint_beyond_the_logs_end_is_refused_never_waited_on() -> None:
    """As after a restore that lost events: the view knows what the ledger does not."""
    partition = partition_of(given(set_("14.00")))
    drain()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE projection.checkpoint SET position = position + 5 WHERE partition = %s", [partition]
        )
        try:
            with pytest.raises(ForeignCheckpoint):
                drain()
        finally:
            cursor.execute(
                "UPDATE projection.checkpoint SET position = position - 5 WHERE partition = %s", [partition]
            )


def test_a_new_projection_begins_at_the_start_of_every_log() -> None:
    class Counting(CurrentFareProjector):
        name = "counting_for_a_test"
        pages: list[Page]

        def apply(self, page: Page) -> None:
            self.pages.append(page)

    projector = Counting()
    projector.pages = []
    given(set_("14.00"))
    try:
        runner.drain(projector, runner.lagging(projector))
        first: dict[int, int] = {}
        for page in projector.pages:
            assert page.after == first.get(page.partition, 0)
            first[page.partition] = page.upto
        assert first
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM projection.checkpoint WHERE projection = %s", [projector.name])
