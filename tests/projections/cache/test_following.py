"""The projector of the cache: what is cached becomes as new as the view, and nothing else is touched."""

from __future__ import annotations

import pytest
import redis

from events.partitions import partition_of
from projections import checkpoints, control, queries, runner
from projections.cache import link, stamps
from projections.cache.entries import key_of, new_lease
from projections.cache.outage import outage
from projections.projectors import PROJECTORS, projector
from tests.builders import add, append, given, new_booking_id, set_
from tests.faults import killed_at_each_step
from tests.projections.cache.conftest import Server
from tests.projections.cache.helpers import cache_follows, cached, projected, version_read, view_moves
from tests.threads import together


def test_it_comes_after_the_view_that_it_follows() -> None:
    names = [one.name for one in PROJECTORS]
    assert names.index("current_fare") < names.index("fare_cache")


def test_a_cached_fare_is_renewed_when_the_view_has_moved(server: Server) -> None:
    booking = projected(given(set_("14.00")))
    assert version_read(booking) == 1
    append(booking, add("toll", "5.00"))
    append(booking, add("toll", "5.00"))
    projected(booking)
    assert cached(booking) == 3
    assert b'"fare":"24.00"' in queries.fare_document(booking).body


def test_it_waits_for_the_view(server: Server) -> None:
    booking = projected(given(set_("14.00")))
    assert version_read(booking) == 1
    append(booking, add("toll", "5.00"))
    cache_follows(booking)
    assert cached(booking) == 1
    position = checkpoints.positions("current_fare")[partition_of(booking)]
    assert checkpoints.positions("fare_cache")[partition_of(booking)] == position


def test_many_fares_without_a_reader_leave_nothing_in_redis(server: Server) -> None:
    bookings = [given(set_("14.00"), add("toll", "1.00")) for _ in range(30)]
    for booking in bookings:
        projected(booking)
    assert server.holds() == []


def test_only_the_cached_ones_of_a_page_are_renewed(server: Server) -> None:
    first = new_booking_id()
    others = [new_booking_id() for _ in range(400)]
    beside = [other for other in others if partition_of(other) == partition_of(first)][:3]
    for booking in (first, *beside):
        given(set_("14.00"), booking_id=booking)
    projected(first)
    assert version_read(first) == 1
    for booking in (first, *beside):
        append(booking, add("toll", "1.00"))
    projected(first)
    assert cached(first) == 2
    assert [key for key in server.holds() if "fare:" in key] == [key_of(first)]


def test_a_lease_is_broken_not_filled(server: Server) -> None:
    """Its holder may have read before the view moved: what he brings must find nothing."""
    booking = projected(given(set_("14.00")))
    link.client().set(key_of(booking), new_lease(stamps.in_force(None)).entry, px=2000)
    append(booking, add("toll", "1.00"))
    projected(booking)
    assert link.client().get(key_of(booking)) is None


def test_without_redis_its_checkpoint_waits_and_goes_on_afterwards(server: Server) -> None:
    booking = projected(given(set_("14.00")))
    assert version_read(booking) == 1
    append(booking, add("toll", "1.00"))
    view_moves(booking)
    before = checkpoints.positions("fare_cache")[partition_of(booking)]
    with server.frozen():
        for _ in range(2):
            with pytest.raises(redis.RedisError):
                cache_follows(booking)
        assert checkpoints.positions("fare_cache")[partition_of(booking)] == before
    outage._until = 0.0  # the rest is over
    cache_follows(booking)
    assert cached(booking) == 2


def test_two_workers_at_once_leave_the_newest(server: Server) -> None:
    booking = projected(given(set_("14.00")))
    assert version_read(booking) == 1
    for _ in range(20):
        append(booking, add("toll", "1.00"))
    partition = partition_of(booking)

    def work() -> None:
        for _ in range(10):
            for name in ("current_fare", "fare_cache"):
                runner.drain(projector(name), [partition], page_events=2)

    together([work] * 3)
    assert cached(booking) == 21


def test_set_back_to_the_start_it_brings_nothing_old(server: Server) -> None:
    booking = projected(given(set_("14.00"), *(add("toll", "1.00") for _ in range(5))))
    assert version_read(booking) == 6
    control.replay(projector("fare_cache"), {partition_of(booking): 0})
    runner.drain(projector("fare_cache"), [partition_of(booking)], page_events=1)
    assert cached(booking) == 6


def move_view_and_cache(booking: str) -> None:
    """Run in a process of its own, which is killed."""
    projected(booking)


def test_a_worker_killed_on_its_way_leaves_nothing_old_behind() -> None:
    """On the server that the killed process has from its environment too."""
    booking = projected(given(set_("14.00")))
    assert version_read(booking) == 1
    seen, versions = 1, 1
    work = f"{__name__}:move_view_and_cache"
    for _ in killed_at_each_step(work, booking, every=3):
        read = version_read(booking)
        assert read >= seen
        seen = read
        if versions < 4:
            append(booking, add("toll", "1.00"))
            versions += 1
    assert cached(booking) == versions == 4
