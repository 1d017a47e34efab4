"""A walk is over in its time, and proves a view equal as of when it began, unless anything kept it from that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from events.partitions import partition_of
from projections import drift
from projections.drift import bookings, walks
from projections.drift.snapshot import snapshot
from projections.models import DriftWalk, Rebuild
from projections.projector import Page
from projections.projectors.current_fare import CurrentFareProjector
from tests.builders import given, set_
from tests.projections.drift import planted_drift
from tests.projections.drift_monitor.helpers import (
    FARES,
    TOTALS,
    VIEWS,
    drain,
    drop_walks,
    execute,
    ids_of,
    only,
    open_drift,
    proven_at,
    walk,
    walk_of,
)

SECOND = timedelta(seconds=1)


def test_a_view_of_the_ledger_is_proven_equal(booking: str) -> None:
    for view in VIEWS:
        began = timezone.now()
        done = walk(view)
        assert (done.drift, open_drift(booking)) == (0, [])
        proven = walk_of(booking, view).proven_at
        assert proven is not None
        assert proven >= began


def test_proven_means_that_a_whole_walk_found_nothing(booking: str) -> None:
    walk()
    before = proven_at(booking)
    with planted_drift(booking, "fare_minor = 1701"):
        walk()
        assert proven_at(booking) == before
    walk()
    assert proven_at(booking) > before


def test_it_is_proven_as_of_when_the_walk_began(monkeypatch: pytest.MonkeyPatch, booking: str) -> None:
    """Of several ticks, only the last of which ends the walk."""
    drop_walks()
    monkeypatch.setattr(bookings, "CHUNK", 1)
    monkeypatch.setattr(walks, "quota", lambda *_: 1)
    partition = partition_of(booking)
    for neighbour in ids_of(partition, 2):
        given(set_("1.00"), booking_id=neighbour)
    drain()
    began = timezone.now()
    walks.of(FARES, began)
    first = DriftWalk.objects.filter(projection=FARES.name, partition=partition)
    first.update(started_at=began - timedelta(days=9))
    with only(FARES):
        drift.tick(now=began)
        assert (walk_of(booking).started_at, walk_of(booking).checked) == (began, 1)
        for _ in range(1000):
            assert walk_of(booking).proven_at is None
            drift.tick()
            if not walk_of(booking).after:
                break
    assert proven_at(booking) == began


def test_a_projection_of_another_version_is_not_proven(booking: str) -> None:
    walk()
    before = proven_at(booking)
    execute("UPDATE projection.checkpoint SET version = '0' WHERE projection = 'current_fare'")
    try:
        done = drift.tick()
        assert "version 0" in done.unproven["current_fare"]
        assert done.checked["daily_totals"] == 1
        assert done.checked["current_fare"] == 0
        assert proven_at(booking) == before
    finally:
        execute(
            "UPDATE projection.checkpoint SET version = %s WHERE projection = 'current_fare'", FARES.version
        )


def test_a_checkpoint_of_another_epoch_proves_nothing(booking: str) -> None:
    walk()
    before = proven_at(booking)
    execute("UPDATE projection.checkpoint SET epoch = 99 WHERE projection = 'current_fare'")
    try:
        assert "another ledger or epoch" in drift.tick().unproven["current_fare"]
        assert proven_at(booking) == before
    finally:
        execute("UPDATE projection.checkpoint SET epoch = 1 WHERE projection = 'current_fare'")


def test_one_partition_of_which_nothing_can_be_proven_keeps_no_other_waiting(booking: str) -> None:
    walk()
    before, where = proven_at(booking), partition_of(booking)
    execute(
        "UPDATE projection.checkpoint SET epoch = 99 WHERE projection = 'current_fare' AND partition = %s",
        where,
    )
    others = DriftWalk.objects.filter(projection=FARES.name).exclude(partition=where)
    began = timezone.now()
    try:
        with only(FARES):
            while others.filter(proven_at__lt=began).exists():
                assert "another ledger or epoch" in drift.tick().unproven["current_fare"]
        assert proven_at(booking) == before
    finally:
        execute("UPDATE projection.checkpoint SET epoch = 1 WHERE projection = 'current_fare'")


def test_a_booking_that_cannot_be_folded_is_not_proven_and_keeps_nobody_waiting(
    booking: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    walk()
    before = proven_at(booking)
    neighbour = given(set_("1.00"), booking_id=ids_of(partition_of(booking), 1)[0])
    drain()
    as_it_is = CurrentFareProjector.apply

    def failing(self: CurrentFareProjector, page: Page) -> None:
        if booking in (page.bookings or ()):
            raise ZeroDivisionError("of a test")
        as_it_is(self, page)

    with monkeypatch.context() as patched, planted_drift(neighbour, "fare_minor = 7"):
        patched.setattr(CurrentFareProjector, "apply", failing)
        walk()
        assert len(open_drift(neighbour)) == 1
        assert proven_at(booking) == before
        assert open_drift(booking) == []
    assert any("ZeroDivisionError: of a test" in record.getMessage() for record in caplog.records)
    walk()
    assert proven_at(booking) > before


def test_a_walk_through_tables_that_were_swapped_out_begins_again(booking: str) -> None:
    partition = partition_of(booking)
    walks.of(FARES, timezone.now())
    began = timezone.now()
    DriftWalk.objects.filter(projection=FARES.name, partition=partition).update(
        after=booking, checked=5, started_at=began, drift_found=True
    )
    swapped = Rebuild.objects.create(
        projection=FARES.name, version="1", partitions=[], state="done", finished_at=timezone.now()
    )
    try:
        walk()
    finally:
        swapped.delete()
    assert proven_at(booking) > began


def test_a_chunk_ends_before_its_bookings_have_too_many_events(
    booking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(set_("1.00"), booking_id=ids_of(partition_of(booking), 1)[0])
    drain()
    monkeypatch.setattr(bookings, "MOST_EVENTS", 3)
    walks.of(FARES, timezone.now())
    with snapshot(FARES, partition_of(booking)) as look:
        chunk = bookings.after(look, "")
        assert len(chunk.bookings) >= 1
        assert not chunk.is_last
        assert bookings.after(look, chunk.last).bookings[0] > chunk.last


def test_the_pace_follows_what_is_left_and_how_long_it_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "FAREHISTORY_DRIFT_WALK_SECONDS", 1000)
    now = timezone.now()
    fresh = [DriftWalk(partition=p, started_at=now, checked_at=now - 5 * SECOND) for p in range(4)]
    # A million bookings in a thousand seconds; five of them have gone by.
    assert walks.quota(FARES, fresh, now) == 5000
    # Half of the time is over and nothing is done: twice as fast.
    assert walks.quota(FARES, fresh, now + 500 * SECOND) == 60 * 2000
    half_done = [DriftWalk(partition=p, started_at=now, checked=125_000, checked_at=now) for p in range(4)]
    assert walks.quota(FARES, half_done, now + 5 * SECOND) == pytest.approx(2513, abs=1)


def test_a_large_partition_is_folded_whole_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "FAREHISTORY_DRIFT_WALK_SECONDS", 6400)
    now = timezone.now()
    walks_of_it = [DriftWalk(partition=p, started_at=now, checked_at=now) for p in range(64)]
    sizes = iter([20_000, 20_000, 10**9, 10**9])
    monkeypatch.setattr(walks.checkpoints, "position", lambda *_: next(sizes))
    assert not walks.is_due_whole(TOTALS, walks_of_it, now + 4 * SECOND)
    assert walks.is_due_whole(TOTALS, walks_of_it, now + 5 * SECOND)
    assert not walks.is_due_whole(TOTALS, walks_of_it, now + 99 * SECOND)
    assert walks.is_due_whole(TOTALS, walks_of_it, now + 100 * SECOND)
