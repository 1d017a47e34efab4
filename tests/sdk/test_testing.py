"""What others test their services with: a platform that fails when told to, a feed that delivers more than once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import farehistory_client
import pytest
from farehistory_client import (
    ANY,
    TAIL,
    FareEvent,
    NotAuthenticated,
    RateLimited,
    Retries,
    Unanswered,
    Unavailable,
    _waits,
)
from farehistory_client.testing import AsyncFeedDouble, FakeServer, FeedDouble, fare_event, no_waits
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk import loops, platforms
from tests.sdk.builders import price, promo, toll

ONCE = Retries(attempts=1)


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


def test_answers_are_lost_after_the_request_was_done(server: FakeServer) -> None:
    server.lose_answers(2)
    with server.client() as fares:
        assert fares.append("BK-1", price(), expected_version=0).replayed
    assert [event.version for event in server.events("BK-1")] == [1]
    assert len({request.body for request in server.requests}) == 1
    assert len(server.requests) == 3


@pytest.mark.parametrize("done", [True, False])
def test_answers_come_too_late(server: FakeServer, done: bool) -> None:
    server.answer_late(done=done)
    with server.client(retries=ONCE) as fares, pytest.raises(Unanswered) as unanswered:
        fares.append("BK-1", price(), expected_version=0)
    assert len(server.events("BK-1")) == done
    assert unanswered.value.unsettled is not None, "the client cannot know which"


def test_there_is_no_connection(server: FakeServer) -> None:
    server.refuse_connections()
    with server.client(retries=ONCE) as fares, pytest.raises(Unanswered) as unanswered:
        fares.append("BK-1", price(), expected_version=0)
    assert (server.events("BK-1"), unanswered.value.unsettled) == ([], None)


@pytest.mark.parametrize("done", [True, False])
def test_it_is_unavailable(server: FakeServer, done: bool) -> None:
    server.be_unavailable(retry_after=7, done=done)
    with server.client(retries=ONCE) as fares:
        with pytest.raises(Unavailable) as unavailable:
            fares.append("BK-1", price(), expected_version=0)
        assert unavailable.value.retry_after == 7
        assert unavailable.value.unsettled is not None
        (settled,) = fares.settle(unavailable.value.unsettled)
    assert isinstance(settled, Exception) is False
    assert settled.replayed is done


def test_it_limits_rates(server: FakeServer) -> None:
    server.limit_rate(2)
    with server.client(retries=ONCE) as fares, pytest.raises(RateLimited):
        fares.append("BK-1", price(), expected_version=0)
    with server.client() as fares:
        assert not fares.append("BK-1", price(), expected_version=0).replayed


def test_a_fault_of_ones_own(server: FakeServer) -> None:
    """As of a service that is faster, between a read and its append."""

    def faster(request: Any, answered: Any) -> Any:
        answer = answered()
        server.append("BK-1", toll("1.00"))
        return answer

    server.append("BK-1", price())
    server.fail(faster)
    with server.client() as fares:
        fares.update("BK-1", lambda head: promo(str(head.amount)))
    assert [event.fare for event in server.events("BK-1")] == [14, 15, 0]


def test_another_service_appends(server: FakeServer) -> None:
    events = server.append("BK-1", price(), toll(), source="elsewhere")
    assert [(event.version, event.source) for event in events] == [(1, "elsewhere"), (2, "elsewhere")]
    with pytest.raises(AssertionError):
        server.append("BK-1", promo("99.00"))
    assert server.events() == events


def test_a_batch_that_is_refused_leaves_nothing_where_asserts_are_left_out() -> None:
    """As by PYTHONOPTIMIZE. An id that was refused is not used up, either."""
    script = """
from farehistory_client import BatchRefused, Change
from farehistory_client.testing import FakeServer
server = FakeServer()
price = Change.set("base_fare", 1, currency="SGD")
with server.client() as fares:
    try:
        fares.append_all([("BK-1", price, 0), ("BK-2", price, 0), ("BK-1", Change.sub("toll", 5), 1)])
    except BatchRefused as refused:
        print(__debug__, refused.index, len(server.events()))
    print(fares.append("BK-1", price, expected_version=0).replayed)
"""
    ended = subprocess.run(
        [sys.executable, "-O", "-c", script],
        env={"PYTHONPATH": str(Path(farehistory_client.__file__).parents[1])},
        text=True,
        capture_output=True,
    )
    assert (ended.stdout.split(), ended.stderr) == (["False", "2", "0", "False"], "")


def test_a_view_that_is_behind(server: FakeServer) -> None:
    server.append("BK-1", price())
    server.hold_view()
    server.append("BK-1", toll())
    with server.client() as fares:
        assert [fares.fare("BK-1").version, fares.fare("BK-1", strong=True).version] == [1, 2]
        own = fares.fare("BK-1", min_version=2)
        assert (own.version, own.consistency) == (2, "strong")
        server.release_view()
        assert fares.fare("BK-1").version == 2


def test_a_key_that_is_revoked(server: FakeServer) -> None:
    key = server.key("pricing")
    server.revoke(key)
    from farehistory_client import Client

    with Client(server.url, key, http=server.transport) as fares, pytest.raises(NotAuthenticated):
        fares.fare("BK-1")


def test_a_clock_of_ones_own() -> None:
    now = datetime(2026, 5, 3, tzinfo=UTC)
    server = FakeServer(clock=lambda: now)
    server.append("BK-1", price())
    assert server.events()[0].recorded_at == now
    now -= timedelta(days=1)
    server.append("BK-1", toll())
    assert server.events()[1].recorded_at == now + timedelta(days=1), "a log's time never runs backwards"


def test_waits_are_left_out_only_within(server: FakeServer) -> None:
    server.be_unavailable(3, retry_after=100)
    with server.client(retries=Retries(within=1000)) as fares, no_waits():
        began = time.monotonic()
        fares.append("BK-1", price(), expected_version=0)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("precision", [1, 5])
def test_fares_are_exact_whatever_the_test_calculates_with(server: FakeServer, precision: int) -> None:
    with localcontext(prec=precision), server.client() as fares:
        server.append("BK-1", price("1234567.89"), toll("0.01"))
        dry = fares.dry_run("BK-1", promo("3.55"), expected_version=2)
        appended = fares.append("BK-1", promo("3.55"), expected_version=2).event
        seen = [
            Decimal(dry["after"]["fare"]),
            appended.fare,
            server.events()[-1].fare,
            fares.fare("BK-1").amount,
            fares.fare_as_of("BK-1", version=3).amount,
            fares.history("BK-1").events[-1].fare,
            next(iter(fares.feed(until_caught_up=True))).fare + 0,
        ]
        diff = fares.diff("BK-1", 0, 3)
        by_hand = fare_event(type="SUB", amount="1234567.89")
    assert [str(each) for each in seen[:-1]] == ["1234564.35"] * 6
    assert [str(each) for each in (diff.change, by_hand.change)] == ["1234564.35", "-1234567.89"]


@pytest.fixture
def waits_on(without_waits: None) -> Iterator[None]:
    """Of the fixture that leaves waits out for all of these tests."""
    off, _waits._off = _waits._off, 0
    yield
    _waits._off = off


@pytest.mark.parametrize("in_a_loop", [False, True], ids=["sync", "async"])
def test_an_empty_page_waits_for_an_event(waits_on: None, in_a_loop: bool) -> None:
    server = FakeServer()
    with platforms.fake(server, in_a_loop=in_a_loop) as platform, ThreadPoolExecutor() as threads:
        fares = platform.client()
        began = time.monotonic()
        pages = fares.feed_pages(wait=1)
        assert (next(pages).events, len(server.requests)) == ((), 1)
        assert 1 <= time.monotonic() - began < 10
        waiting = threads.submit(next, fares.feed(wait=30, component=["toll"]))
        time.sleep(0.1)
        server.append("BK-1", price())
        time.sleep(0.1)
        assert not waiting.done()
        server.append("BK-1", toll())
        assert waiting.result(20).component == "toll"
        assert len(server.requests) == 2


@pytest.mark.parametrize("in_a_loop", [False, True], ids=["sync", "async"])
def test_an_empty_page_is_there_soon_where_waits_are_left_out(in_a_loop: bool) -> None:
    """And does not keep a thread at work that asks for one after the other."""
    server = FakeServer()
    with platforms.fake(server, in_a_loop=in_a_loop) as platform:
        pages = platform.client().feed_pages()
        began = time.monotonic()
        assert all(next(pages).caught_up for _ in range(20))
        assert 20 * 0.01 <= time.monotonic() - began < 20


def test_both_kinds_of_client_are_served(server: FakeServer) -> None:
    async def appended() -> int:
        async with server.async_client("tolls") as fares:
            return (await fares.append("BK-1", toll(), expected_version=ANY)).event.version

    server.append("BK-1", price())
    assert loops.run(appended()) == 2


def many() -> list[FareEvent]:
    server = FakeServer()
    for n in range(12):
        server.append(f"BK-{n}", price(), *(toll(f"{k}.00") for k in range(1, 1 + n % 5)))
    return server.events()


@given(st.integers())
def test_a_consumer_that_knows_what_it_has_seen_is_right_for_every_feed(seed: int) -> None:
    events = many()
    totals: dict[str, Any] = {}
    versions: dict[str, int] = defaultdict(int)
    deliveries = 0
    for event in FeedDouble(events, seed=seed).feed():
        deliveries += 1
        assert event.version <= versions[event.booking_id] + 1, "never before the one before it"
        if event.version > versions[event.booking_id]:
            versions[event.booking_id] = event.version
            totals[event.booking_id] = totals.get(event.booking_id, 0) + event.change
    assert totals == {event.booking_id: event.fare for event in events}
    assert deliveries > len(events)


def test_a_consumer_that_counts_every_delivery_is_found_out() -> None:
    events = [fare_event("BK-1")]
    assert len(list(FeedDouble(events).feed())) == 2
    assert len(list(FeedDouble(events, duplicates=0, replays=0).feed())) == 1
    assert list(FeedDouble([]).feed()) == []


def test_partitions_come_in_any_order() -> None:
    orders = {tuple(e.partition for e in FeedDouble(many(), seed=n).feed()) for n in range(5)}
    assert len(orders) == 5


def test_a_feed_of_a_seed_is_the_same_again_and_goes_on_from_its_cursors() -> None:
    events = many()
    double = FeedDouble(events, seed=3)
    cursors: list[str] = []
    whole = list(double.feed(checkpoint=cursors.append))
    assert list(FeedDouble(events, seed=3).feed()) == whole
    pages = list(double.feed_pages())
    assert [page.cursor for page in pages] == cursors
    assert [page.caught_up for page in pages] == [False] * (len(pages) - 1) + [True]
    before = {e.transaction_id for page in pages[:3] for e in page.events}
    after = {e.transaction_id for e in double.feed(after=pages[2].cursor)}
    assert before | after == {event.transaction_id for event in events}
    assert list(double.feed(after=pages[-1].cursor)) == []
    with pytest.raises(ValueError):
        list(double.feed(after="somebody's"))


@pytest.mark.parametrize("seed", range(20))
def test_at_its_tail_a_feed_has_nothing_more_and_a_cursor(server: FakeServer, seed: int) -> None:
    for event in many():
        server.append(event.booking_id, price())
    double = FeedDouble(server.events(), seed=seed)
    with server.client() as fares:
        for feed in (fares, double):
            (page,) = feed.feed_pages(after=TAIL, until_caught_up=True)
            assert (list(page.events), list(page.ranges), page.caught_up) == ([], [], True)
            cursors: list[str] = []
            assert list(feed.feed(after=TAIL, checkpoint=cursors.append, until_caught_up=True)) == []
            assert cursors == [page.cursor]
            assert list(feed.feed(after=page.cursor, until_caught_up=True)) == []


def test_the_asynchronous_double_delivers_the_same() -> None:
    async def taken() -> list[FareEvent]:
        return [event async for event in AsyncFeedDouble(many_events, seed=5).feed()]

    many_events = many()
    assert loops.run(taken()) == list(FeedDouble(many_events, seed=5).feed())
