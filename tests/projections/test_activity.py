"""How much happens in the ledger, told from a bounded part of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import randrange

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events import feed
from events.partitions import partition_of
from projections import activity, runner
from projections.activity import activity_since, events_before, lacking, positions_before
from projections.projectors import projector
from tests.builders import add, append, given, new_booking_id, set_


def recorded_at(booking: str, version: int) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT recorded_at FROM ledger.fare_event WHERE partition = %s AND booking_id = %s AND version = %s",
            [partition_of(booking), booking, version],
        )
        (at,) = cursor.fetchone()
    return at  # type: ignore[no-any-return]


def test_an_instant_parts_each_log_where_its_times_do() -> None:
    booking = given(set_("14.00"), *(add("toll", "1.00") for _ in range(20)))
    with connection.cursor() as cursor:
        for version in (1, 2, 11, 21):
            at = recorded_at(booking, version)
            cursor.execute(
                "SELECT partition, count(*) FROM ledger.fare_event WHERE recorded_at < %s GROUP BY partition",
                [at],
            )
            known = dict(cursor.fetchall())
            assert {p: n for p, n in positions_before(at).items() if n} == known
            assert events_before(at) == sum(known.values())


def test_what_lies_back_is_looked_up_once_and_again_for_another_ledger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given(set_("14.00"))
    long_ago = timezone.now() - timedelta(days=400, microseconds=randrange(10**9))
    with CaptureQueriesContext(connection) as first:
        assert sum(positions_before(long_ago).values()) == 0
    with CaptureQueriesContext(connection) as second:
        positions_before(long_ago)
    assert (len(first), len(second)) == (2, 1)  # the ledger's identity is asked for each time
    restored = replace(feed.identity(), epoch=feed.identity().epoch + 1)
    monkeypatch.setattr(feed, "identity", lambda: restored)
    with CaptureQueriesContext(connection) as third:
        positions_before(long_ago)
    assert len(third) == 1


def test_before_all_there_is_nothing_and_after_all_everything() -> None:
    given(set_("14.00"))
    assert events_before(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert positions_before(timezone.now() + timedelta(days=1)) == feed.heads()


def test_events_and_the_bookings_that_they_are_of() -> None:
    old = given(set_("1.00"))
    since = timezone.now()
    new = given(set_("14.00"), add("toll", "5.00"), add("toll", "5.00"))
    append(old, add("toll", "1.00"))
    append(old, add("toll", "1.00"))
    found = activity_since(since)
    assert (found.events, found.fares, found.is_exact) == (5, 2, True)
    assert new != old


def test_nothing_has_happened_since_tomorrow() -> None:
    found = activity_since(timezone.now() + timedelta(days=1))
    assert (found.events, found.fares, found.is_exact) == (0, 0, True)


def given_in_one_partition(bookings: int) -> None:
    """So many new bookings of two events each, one after the other, all in partition 7."""
    ids = (id for id in (new_booking_id() for _ in range(200 * bookings)) if partition_of(id) == 7)
    for booking in islice(ids, bookings):
        for change in (set_("14.00"), add("toll", "5.00")):
            append(booking, change)


def test_of_many_events_a_part_stands_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "LOOKED_AT", 40)
    monkeypatch.setattr(feed, "heads", lambda: {0: 10**9})  # as if there were many in the others, too
    since = timezone.now()
    given_in_one_partition(80)
    found = activity_since(since)
    assert (found.events, found.is_exact) == (160, False)
    assert 30 <= found.fares <= 130  # 80, told from 40 events of 160
    assert activity_since(since) == found


def test_a_quiet_day_is_counted_though_all_of_it_is_in_one_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "LOOKED_AT", 2)
    since = timezone.now()
    given_in_one_partition(12)
    assert activity_since(since) == activity.Activity(events=24, fares=12, is_exact=True)


def test_what_a_projection_lacks_is_counted_from_its_oldest_event() -> None:
    view = projector("daily_totals")
    runner.drain(view, runner.lagging(view))
    assert lacking(view.name) == activity.Lacking(0, None)
    booking = given(set_("14.00"), add("toll", "5.00"))
    assert lacking(view.name) == activity.Lacking(2, recorded_at(booking, 1))
    runner.drain(view, runner.lagging(view))
