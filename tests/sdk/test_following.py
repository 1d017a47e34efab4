"""The feed: every event once, in order, from where a consumer left off; what is missing is noticed."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from farehistory_client import ANY, TAIL, CursorInvalid, InvalidParameter, Retries, Skipped, share
from farehistory_client.testing import FakeServer

from events.partitions import count
from tests.builders import new_booking_id
from tests.sdk import platforms
from tests.sdk.builders import price, promo, toll
from tests.sdk.platforms import Platform


def tail_of(fares: Any) -> str:
    (page,) = fares.feed_pages(after=TAIL, until_caught_up=True)
    assert page.events == ()
    cursor: str = page.cursor
    return cursor


def seen(fares: Any, after: str, bookings: list[str], **options: Any) -> list[tuple[str, int]]:
    events = fares.feed(after=after, until_caught_up=True, **options)
    return [(event.booking_id, event.version) for event in events if event.booking_id in bookings]


def test_every_event_comes_once_from_the_cursor_on(fares: Any) -> None:
    bookings = [new_booking_id() for _ in range(5)]
    start = tail_of(fares)
    for booking in bookings:
        fares.append_many([(booking, price(), 0), (booking, toll(), 1), (booking, promo(), 2)])
    for limit in (1, 4, 500):
        got = seen(fares, start, bookings, limit=limit)
        assert sorted(got) == sorted((booking, version) for booking in bookings for version in (1, 2, 3))
        assert all([v for b, v in got if b == booking] == [1, 2, 3] for booking in bookings)


def test_a_consumer_goes_on_where_its_checkpoint_is(fares: Any, booking: str) -> None:
    start = tail_of(fares)
    fares.append_many([(booking, price(), 0), *((booking, toll("0.01"), ANY) for _ in range(9))])
    cursors: list[str] = []
    versions = []
    for event in fares.feed(after=start, limit=3, until_caught_up=True, checkpoint=cursors.append):
        versions.append(event.version)
        if len(versions) == 5:
            break
    assert len(cursors) == 1, "the page that was not taken whole is not behind us"
    rest = seen(fares, cursors[-1], [booking])
    assert [version for _, version in rest] == [4, 5, 6, 7, 8, 9, 10]


def test_a_coroutine_may_take_the_checkpoint(platform: Platform, fares: Any, booking: str) -> None:
    start = tail_of(fares)
    fares.append(booking, price(), expected_version=0)
    cursors: list[str] = []

    async def keep(cursor: str) -> None:
        cursors.append(cursor)

    if "InALoop" in type(fares).__name__:
        list(fares.feed(after=start, until_caught_up=True, checkpoint=keep))
        assert seen(fares, cursors[-1], [booking]) == []


def test_filters_leave_out_and_prove_all_the_same(platform: Platform, fares: Any, booking: str) -> None:
    start = tail_of(fares)
    platform.other().append(booking, price(), expected_version=0)
    fares.append_many([(booking, toll(), 1), (booking, promo(), 2)])
    assert seen(fares, start, [booking], component=["toll", "promo"]) == [(booking, 2), (booking, 3)]
    assert seen(fares, start, [booking], source=["tolls"]) == [(booking, 1)]
    assert seen(fares, start, [booking], type=["SUB"], component=["promo"], limit=1) == [(booking, 3)]
    with pytest.raises(TypeError):
        list(fares.feed(component="toll", until_caught_up=True))
    with pytest.raises(InvalidParameter):
        list(fares.feed(component=["Toll"], until_caught_up=True))


def test_consumers_share_the_partitions(fares: Any) -> None:
    bookings = [new_booking_id() for _ in range(12)]
    start = tail_of(fares)
    fares.append_many([(booking, price(), 0) for booking in bookings])
    shares = [seen(fares, start, bookings, partitions=share(n, of=3, partitions=count())) for n in range(3)]
    assert sorted(each for part in shares for each in part) == sorted((booking, 1) for booking in bookings)


@pytest.mark.parametrize("of", [1, 3, 7, 64])
def test_shares_are_all_partitions_once(of: int) -> None:
    taken: list[int] = []
    for text in (share(n, of=of, partitions=64) for n in range(of)):
        first, _, last = text.partition("-")
        taken += range(int(first), int(last or first) + 1)
    assert taken == list(range(64))
    with pytest.raises(ValueError):
        share(of, of=of, partitions=64)


def test_a_consumer_may_begin_at_a_time(fares: Any, booking: str) -> None:
    fares.append(booking, price(), expected_version=0)
    second = fares.append(booking, toll(), expected_version=1).event
    events = list(fares.feed(since=second.recorded_at, until_caught_up=True))
    assert booking in {event.booking_id for event in events}
    assert all(event.recorded_at >= second.recorded_at for event in events)
    with pytest.raises(ValueError):
        list(fares.feed(since=second.recorded_at, after=TAIL))


def test_a_cursor_that_is_none_is_an_error_of_its_own(fares: Any) -> None:
    with pytest.raises(CursorInvalid):
        next(iter(fares.feed(after="not-a-cursor")))


def test_following_goes_on_through_what_goes_wrong(platform: Platform, fares: Any, booking: str) -> None:
    start = tail_of(fares)
    fares.append(booking, price(), expected_version=0)
    platform.wire.refuse_connections(20)
    platform.wire.answer(503, 5)
    platform.wire.lose_answers(3)
    event = next(each for each in fares.feed(after=start, wait=0) if each.booking_id == booking)
    assert event.version == 1


def test_a_consumer_that_stands_still_is_told_of_now_and_then(
    server_and_fares: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Every try would be a flood, and none a consumer that nobody knows to stand still."""
    server, fares = server_and_fares
    server.append("BK-1", price())
    server.be_unavailable(20, retry_after=30)
    with caplog.at_level(logging.INFO, "farehistory_client"):
        next(fares.feed())
    told = [each for each in caplog.records if each.name == "farehistory_client"]
    warnings = [each.getMessage() for each in told if each.levelno == logging.WARNING]
    assert len(told) == 20 + 1
    assert 20 * 30 / (60 + 35) <= len(warnings) - 1 <= 20 * 35 / 60
    assert all("no answer for" in each for each in warnings[:-1])
    assert "is answered again" in warnings[-1]
    caplog.clear()
    server.be_unavailable(2)
    next(fares.feed())
    assert "WARNING" not in caplog.text


def test_a_wait_that_the_platform_asks_for_is_told_at_once(
    server_and_fares: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server, fares = server_and_fares
    server.append("BK-1", price())
    server.be_unavailable(retry_after=240)
    next(fares.feed())
    assert ["again in 24" in each for each in caplog.messages] == [True, False]


def test_the_first_look_at_the_tail_does_not_wait(platform: Platform, fares: Any) -> None:
    """A wait that is cut would begin anew at a later tail, and what came in between be left out."""
    pages = fares.feed_pages(after=TAIL, wait=30)
    next(pages)
    assert "wait=0" in platform.wire.sent[-1].url


@pytest.fixture(params=["sync", "async"])
def server_and_fares(request: pytest.FixtureRequest) -> Any:
    server = FakeServer()
    with platforms.fake(server, in_a_loop=request.param == "async") as opened:
        yield server, opened.client()


def test_an_event_that_is_missing_is_noticed(server_and_fares: Any) -> None:
    server, fares = server_and_fares
    server.append("BK-1", price(), toll(), promo())
    server.withhold(server.events("BK-1")[1])
    with pytest.raises(Skipped) as skipped:
        list(fares.feed(until_caught_up=True))
    assert (skipped.value.expected, skipped.value.found) == (2, 3)


def test_a_log_that_does_not_begin_with_its_first_event_is_noticed(server_and_fares: Any) -> None:
    server, fares = server_and_fares
    server.append("BK-1", price())

    def from_the_second(request: Any, answered: Any) -> Any:
        answer = answered()
        text = answer.content.replace(b'"after":0,"upto":1', b'"after":1,"upto":2')
        return type(answer)(
            200, headers=answer.headers, content=text.replace(b'"position":1', b'"position":2')
        )

    server.fail(from_the_second)
    with pytest.raises(Skipped):
        list(fares.feed(until_caught_up=True))


def test_a_page_that_does_not_follow_the_last_one_is_noticed(server_and_fares: Any) -> None:
    server, fares = server_and_fares
    server.append("BK-1", *[price(), toll(), toll(), toll()])
    pages = fares.feed_pages(limit=2, wait=0)
    next(pages)
    server.fail(first_page_again)
    with pytest.raises(Skipped):
        next(pages)


def first_page_again(request: httpx.Request, answered: Any) -> httpx.Response:
    """As if the cursor had not been sent."""
    request.url = request.url.copy_remove_param("after")
    answer: httpx.Response = answered()
    return answer


def test_a_ledger_that_was_restored_is_noticed(server_and_fares: Any) -> None:
    server, fares = server_and_fares
    server.append("BK-1", price())
    cursors: list[str] = []
    list(fares.feed(until_caught_up=True, checkpoint=cursors.append))
    server.restore()
    with pytest.raises(CursorInvalid):
        list(fares.feed(after=cursors[-1], until_caught_up=True))


def test_a_batch_of_the_feed_ends_within_its_budget(server_and_fares: Any) -> None:
    """Who reads until caught up has an end in mind."""
    from farehistory_client import Unanswered

    server, fares = server_and_fares
    server.refuse_connections(Retries().attempts)
    with pytest.raises(Unanswered):
        list(fares.feed(until_caught_up=True))
