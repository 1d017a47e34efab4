"""Eventual reads: from the cache, or from the view and into the cache."""

from __future__ import annotations

import json
import threading
import time

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events import history
from events.errors import UnknownBooking, UnknownEvent
from events.partitions import partition_of
from projections import cache, control, queries, runner, set_aside
from projections.cache import link, reading, stamps
from projections.cache import outage as outages
from projections.cache.entries import key_of, new_lease
from projections.models import ProjectionState
from projections.projectors import projector
from tests.api_client import Api, assert_problem
from tests.builders import add, append, given, set_, sub
from tests.projections.cache.conftest import Server
from tests.projections.cache.helpers import Loads, cache_follows, cached, projected, version_read, view_moves
from tests.threads import together


@pytest.fixture
def booking(server: Server) -> str:
    return projected(given(set_("14.00"), add("toll", "5.00"), sub("promo", "3.10")))


def test_a_second_read_asks_postgresql_nothing(booking: str) -> None:
    queries.fare_document(booking)
    cache.counters()  # by now all connections of this thread are made
    first = queries.fare_document(booking).body
    with CaptureQueriesContext(connection) as asked:
        assert queries.fare_document(booking).body == first
    assert not asked.captured_queries


def test_the_api_answers_the_same_on_a_hit_on_a_miss_and_without_redis(
    api: Api, server: Server, booking: str
) -> None:
    def answer() -> tuple[bytes, dict[str, str]]:
        response = api.get(f"fares/{booking}", X_Request_ID="the-same")
        assert response.status_code == 200
        return response.content, dict(response.headers)

    miss = answer()
    hit = answer()
    server.process.kill()
    try:
        without = answer()
    finally:
        server.start()
    assert miss == hit == without
    outages.outage._until = 0.0  # its rest is over
    assert cache.counters() == {"hits": 1, "waits": 0, "misses": 1, "errors": 1}
    fare = json.loads(hit[0])
    assert (fare["fare"], fare["version"], fare["consistency"]) == ("15.90", 3, "eventual")
    assert fare["components"] == {"base_fare": "14.00", "toll": "5.00", "promo": "-3.10"}


def test_a_cached_fare_is_dropped_after_a_time(booking: str, server: Server) -> None:
    queries.fare_document(booking)
    assert 3_500_000 < server.client.pttl(key_of(booking)) <= 3_600_000


def test_a_version_that_the_cache_has_not_is_read_from_the_view_and_cached(booking: str) -> None:
    assert version_read(booking) == 3
    append(booking, add("toll", "1.00"))
    view_moves(booking)  # and the cache does not follow yet
    assert version_read(booking) == 3
    assert version_read(booking, min_version=4) == 4
    assert version_read(booking) == 4, "one that a reader was given is not followed by an older one"


def test_a_version_that_the_view_has_not_is_read_from_the_ledger_and_not_cached(booking: str) -> None:
    append(booking, add("toll", "1.00"))
    assert version_read(booking, min_version=4) == 4
    assert cached(booking) == 3
    with pytest.raises(UnknownEvent):
        queries.fare_document(booking, min_version=5)


def test_a_strong_read_neither_asks_nor_fills_the_cache(booking: str, server: Server) -> None:
    queries.fare_document(booking, consistency="strong")
    assert server.holds() == []


@pytest.mark.parametrize("booking_id", ["BK-of-nobody", "no booking can have this id", "x" * 65])
def test_reading_what_nobody_knows_leaves_nothing_in_redis(api: Api, server: Server, booking_id: str) -> None:
    assert_problem(api.get(f"fares/{booking_id}"), 404, "unknown_booking")
    assert not [key for key in server.holds() if "fare:" in key]
    with pytest.raises(UnknownBooking):
        queries.fare_document(booking_id)


def test_a_booking_that_only_the_ledger_has_is_cached_too_and_does_not_go_back(server: Server) -> None:
    booking = given(set_("14.00"))
    partition = partition_of(booking)
    append(booking, add("toll", "1.00"))
    first, second = (json.loads(queries.fare_document(booking).body) for _ in range(2))
    assert (first["version"], first["consistency"]) == (2, "strong")
    assert (second["version"], second["consistency"]) == (2, "eventual")
    assert {**first, "consistency": ""} == {**second, "consistency": ""}
    # The view comes to version 1 on its way; whoever saw version 2 does not see that.
    position = history.event_of(booking, 1).position
    for name in ("current_fare", "fare_cache"):
        runner.drain(projector(name), [partition], upto={partition: position})
    assert queries.fare_in_view(booking).version == 1  # type: ignore[union-attr]
    assert version_read(booking) == 2


def test_fifty_readers_that_miss_at_once_make_one_read_of_the_view(
    booking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "WAIT_SECONDS", 10)
    loads = Loads(booking, before=lambda: time.sleep(0.05))
    answers = together([loads.read] * 50)
    assert {answer.version for answer in answers} == {3}
    assert len({answer.body for answer in answers}) == 1
    assert loads.count == 1
    counts = cache.counters()
    assert counts["misses"] == 1
    assert counts["hits"] + counts["waits"] == 49


def test_a_reader_that_died_keeps_nobody_waiting_for_long(booking: str) -> None:
    stamp = stamps.in_force(None)
    link.client().set(key_of(booking), new_lease(stamp).entry, px=60_000)
    began = time.monotonic()
    assert version_read(booking) == 3
    assert time.monotonic() - began < 20
    assert cached(booking) == 3, "who waited in vain puts in what he read"


def test_a_read_that_fails_leaves_no_lease(booking: str, server: Server) -> None:
    def fail() -> cache.Document:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.read(booking, 0, fail)
    assert server.client.get(key_of(booking)) is None


def test_a_slow_reader_does_not_put_an_old_fare_back(booking: str, server: Server) -> None:
    reads, goes_on = threading.Event(), threading.Event()

    class Slow(Loads):
        def __call__(self) -> cache.Document:
            document = super().__call__()
            reads.set()
            assert goes_on.wait(10)
            return document

    slow = threading.Thread(target=lambda: (Slow(booking).read(), connection.close()))
    slow.start()
    assert reads.wait(10)  # version 3, which it holds in its hands
    append(booking, add("toll", "1.00"))
    projected(booking)
    assert version_read(booking) == 4
    server.client.delete(key_of(booking))
    goes_on.set()
    slow.join()
    assert cached(booking) is None
    assert version_read(booking) == 4


def test_rows_that_change_without_an_event_are_read_anew(booking: str) -> None:
    queries.fare_document(booking)
    with connection.cursor() as cursor:
        where = [partition_of(booking), booking]
        cursor.execute(
            "UPDATE projection.current_fare SET fare_minor = 1 WHERE partition = %s AND booking_id = %s",
            where,
        )
        assert json.loads(queries.fare_document(booking).body)["fare"] == "15.90"
        control.raise_generation("current_fare")
        assert json.loads(queries.fare_document(booking).body)["fare"] == "0.01"
        cursor.execute(
            "UPDATE projection.current_fare SET fare_minor = 1590 WHERE partition = %s AND booking_id = %s",
            where,
        )
    control.raise_generation("current_fare")
    assert json.loads(queries.fare_document(booking).body)["fare"] == "15.90"


@pytest.mark.parametrize("who", ["a sweep", "a reader that misses"])
def test_a_generation_that_nobody_could_publish_is_published_by(who: str, booking: str) -> None:
    queries.fare_document(booking)
    state = ProjectionState.objects.get_or_create(name="current_fare")[0]
    state.generation += 1
    state.save()  # as if the process had died before it told Redis
    assert cached(booking) == 3
    if who == "a sweep":
        cache.publish_generation()
    else:
        queries.fare_document(projected(given(set_("1.00"))))
    assert cached(booking) is None
    assert version_read(booking) == 3
    assert cached(booking) == 3


def test_a_published_generation_never_goes_down(server: Server) -> None:
    high = stamps.publish(cache.Era("ab", 2, 7))
    assert stamps.publish(cache.Era("ab", 2, 6)) == high
    assert stamps.publish(cache.Era("ab", 1, 9)) == high
    assert stamps.publish(cache.Era("ab", 2, 7)) == high
    assert stamps.era_of(stamps.publish(cache.Era("ab", 3, 1))) == cache.Era("ab", 3, 1)
    another = cache.Era("cd", 1, 1)
    assert stamps.era_of(stamps.publish(another)) == another, "another ledger, behind the same prefix"


def test_after_a_restore_what_was_cached_of_the_ledger_before_is_not_read(
    booking: str, superuser: str
) -> None:
    """Versions that the restore lost are given out again."""
    queries.fare_document(booking)
    with psycopg.connect(superuser, autocommit=True) as owner:
        owner.execute("UPDATE ledger.ledger SET epoch = epoch + 1")
        try:
            link.drop()  # processes are started anew
            with CaptureQueriesContext(connection) as asked:
                queries.fare_document(booking)
            assert asked.captured_queries
        finally:
            owner.execute("UPDATE ledger.ledger SET epoch = epoch - 1")


def test_entries_of_another_format_are_not_read_and_not_kept(
    booking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old and new processes side by side, during a deploy."""
    queries.fare_document(booking)
    with monkeypatch.context() as newer:
        newer.setattr(stamps, "FORMAT", 2)
        assert cached(booking) is None
        append(booking, add("toll", "1.00"))
        projected(booking)
    assert cached(booking) is None
    assert version_read(booking) == 4


def test_the_share_of_reads_that_the_cache_answers_is_counted(booking: str) -> None:
    assert cache.hit_rate() is None
    for _ in range(10):
        queries.fare_document(booking)
    assert cache.counters() == {"hits": 9, "waits": 0, "misses": 1, "errors": 0}
    assert cache.hit_rate() == 0.9


def test_what_is_set_aside_is_read_from_the_ledger(booking: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO projection.set_aside (projection, partition, booking_id, position, error, traceback)"
            " VALUES ('current_fare', %s, %s, 1, 'a test', '')",
            [partition_of(booking), booking],
        )
        try:
            answer = json.loads(queries.fare_document(booking).body)
            assert (answer["version"], answer["consistency"]) == (3, "strong")
            append(booking, add("toll", "1.00"))
            projected(booking)  # the view leaves it out, so what is cached is removed
            assert version_read(booking) == 4
            assert queries.fare_in_view(booking) is None
        finally:
            set_aside.retry(projector("current_fare"), booking)
    cache_follows(booking)
