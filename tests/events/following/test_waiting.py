"""GET events?wait=: who waits is woken soon, holds nothing but a thread, and leaves most threads to others."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from signal import SIGCONT, SIGSTOP
from typing import Any

import httpx
import pytest
from django.db import connection, connections

from events import metrics, wakeup
from events.following import answering, waiting
from farehistory.demo import processes
from farehistory.embedded.service import Process
from farehistory.embedded.supervisor import Supervisor
from tests.api_client import Api, new_event
from tests.builders import add, append, given, new_booking_id, set_
from tests.embedded.helpers import wait_for

SOON = 15.0
"""Seconds within which a woken reader has answered on a machine that is full of other work; waits are much longer."""

pytestmark = pytest.mark.usefixtures("sixteen_threads", "nobody_looks_by_himself")


@pytest.fixture
def nobody_looks_by_himself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has answered before his time was up has been woken."""
    monkeypatch.setattr(answering, "LOOK_AGAIN_SECONDS", 60.0)


@contextmanager
def readers(calls: list[Callable[[], Any]]) -> Iterator[list[Future[Any]]]:
    """Each call in a thread of its own; on entry all of them wait, on exit all have ended."""

    def run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        finally:
            connections.close_all()

    before = len(waiting.waiting()._waiters)
    with ThreadPoolExecutor(len(calls)) as pool:
        asked = [pool.submit(run, call) for call in calls]
        wait_for(lambda: len(waiting.waiting()._waiters) == before + len(calls))
        yield asked


def reading(consumer: Api, rest: str = "") -> Callable[[], Any]:
    """A long poll from the end of the ledger as it is now."""
    after = consumer.get("events?after=tail").json()["next"]
    return lambda: consumer.get(f"events?after={after}&wait=30{rest}").json()


def assert_woken(asked: Future[Any], booking: str, *, within: float = SOON) -> dict[str, Any]:
    page: dict[str, Any] = asked.result(timeout=within)
    assert [event["booking_id"] for event in page["results"]] == [booking]
    return page


def test_who_waits_is_woken_by_an_append(consumer: Api) -> None:
    with readers([reading(consumer)]) as (asked,):
        page = assert_woken(asked, given(set_("14.00")))
    assert (page["wait_refused"], len(page["ranges"])) == (False, 1)


def test_all_who_wait_are_woken_at_once(consumer: Api) -> None:
    with readers([reading(consumer)] * 4) as asked:
        booking = given(set_("14.00"))
        for one in asked:
            assert_woken(one, booking)


def test_nothing_waits_where_there_is_something_to_answer(consumer: Api) -> None:
    read = reading(consumer)
    booking = given(set_("14.00"))
    begin = time.monotonic()
    assert [event["booking_id"] for event in read()["results"]] == [booking]
    assert time.monotonic() - begin < 10


def test_when_the_time_is_up_the_answer_is_empty_and_can_be_read_on_from(consumer: Api) -> None:
    after = consumer.get("events?after=tail").json()["next"]
    page = consumer.get(f"events?after={after}&wait=1").json()
    assert page == {"results": [], "next": after, "caught_up": True, "ranges": [], "wait_refused": False}


def test_what_a_filter_passes_over_does_not_end_the_wait_but_moves_the_cursor(consumer: Api) -> None:
    with readers([reading(consumer, "&component=tip")]) as (asked,):
        booking = given(set_("14.00"), add("toll", "1.00"))
        time.sleep(0.3)
        assert not asked.done()
        append(booking, add("tip", "1.00"))
        page = assert_woken(asked, booking)
    assert sum(one["upto"] - one["after"] for one in page["ranges"]) == 3


def test_a_filtered_wait_ends_when_limit_events_were_examined(consumer: Api) -> None:
    with readers([reading(consumer, "&component=tip&limit=3")]) as (asked,):
        given(set_("14.00"), *[add("toll", "1.00")] * 5)
        page = asked.result(timeout=SOON)
    assert page["results"] == []
    assert sum(one["upto"] - one["after"] for one in page["ranges"]) == 3


def test_a_filtered_wait_without_a_match_ends_with_its_time_and_a_cursor_past_it_all(consumer: Api) -> None:
    after = consumer.get("events?after=tail").json()["next"]
    with readers([lambda: consumer.get(f"events?after={after}&wait=2&type=SUB").json()]) as (asked,):
        given(set_("14.00"), add("toll", "1.00"))
    page = asked.result()
    assert (page["results"], page["caught_up"]) == ([], True)
    assert consumer.get(f"events?after={page['next']}").json()["ranges"] == []


def test_who_reads_other_partitions_is_left_alone() -> None:
    waiter = waiting.Waiter([1, 2])
    group = waiting.Waiting()
    group._waiters.add(waiter)
    group.wake({3, 4})
    assert not waiter._woken.is_set()
    group.wake({2})
    assert waiter._woken.is_set()


def test_no_transaction_is_open_and_no_connection_taken_while_waiting(consumer: Api) -> None:
    def sessions() -> list[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT state, coalesce(xact_start::text, '') FROM pg_stat_activity"
                " WHERE usename = current_user AND pid <> pg_backend_pid()"
            )
            return cursor.fetchall()

    calls = [reading(consumer)] * 3
    before = len(sessions())
    with readers(calls) as asked:
        wait_for(lambda: all(session == ("idle", "") for session in sessions()))
        assert len(sessions()) <= before + 3
        booking = given(set_("1.00"))
        for one in asked:
            assert_woken(one, booking)


def test_more_than_a_quarter_of_the_threads_do_not_wait(consumer: Api) -> None:
    with readers([reading(consumer)] * 4) as asked:
        begin = time.monotonic()
        refused = consumer.get(f"events?after={consumer.get('events?after=tail').json()['next']}&wait=30")
        assert time.monotonic() - begin < 10
        assert (refused.status_code, refused["Retry-After"]) == (200, "1")
        assert refused.json()["wait_refused"] is True
        booking = given(set_("14.00"))
        for one in asked:
            assert_woken(one, booking)
        page = consumer.get(f"events?after={refused.json()['next']}&wait=30")
        assert [event["booking_id"] for event in page.json()["results"]] == [booking]
        assert "Retry-After" not in page


def test_a_process_of_few_threads_lets_nobody_wait(consumer: Api, settings: Any) -> None:
    settings.FAREHISTORY_WEB_THREADS = 3
    assert reading(consumer)()["wait_refused"] is True


def test_a_lost_wake_up_costs_seconds_not_the_whole_wait(
    consumer: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeup, "wake", lambda *_: None)
    monkeypatch.setattr(answering, "LOOK_AGAIN_SECONDS", 0.5)
    with readers([reading(consumer)]) as (asked,):
        assert_woken(asked, given(set_("14.00")), within=10)


def test_a_forked_process_has_waiters_of_its_own(consumer: Api) -> None:
    """None of its parent's, whose threads it does not have."""
    with readers([reading(consumer)]) as (asked,):
        child = os.fork()
        if child == 0:
            here = waiting.waiting()
            os._exit(0 if not here._waiters and here._listener is None and not here._lock.locked() else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert_woken(asked, given(set_("14.00")))


def test_without_redis_readers_are_woken_by_looking_and_with_it_by_hearing_again(
    consumer: Api, own_redis: Process
) -> None:
    with readers([reading(consumer)]) as (asked,):
        assert_woken(asked, given(set_("1.00")))
    with readers([reading(consumer)]) as (asked,):
        own_redis.kill()
        assert_woken(asked, given(set_("2.00")))
    with readers([reading(consumer)]) as (asked,):
        wait_for(lambda: threading.active_count() > 1)
        own_redis.start()
        own_redis.wait_until_ready()
        wait_for(lambda: subscribers(own_redis) == 1)
        assert_woken(asked, given(set_("3.00")))


def test_a_redis_that_hangs_does_not_hang_the_readers(consumer: Api, own_redis: Process) -> None:
    """It is found out by a ping: none of them would look by itself before its time is up."""
    with readers([reading(consumer)]) as (asked,):
        wait_for(lambda: subscribers(own_redis) == 1)
        own_redis.send(SIGSTOP)
        try:
            assert_woken(asked, given(set_("1.00")), within=20)
            # From now on the logs are looked at; trying whether Redis is back holds nobody up.
            assert statistics.median(woken_after(consumer) for _ in range(7)) < 0.6
        finally:
            own_redis.send(SIGCONT)


def woken_after(consumer: Api) -> float:
    """Seconds from an append to the answer of who waits for it."""
    with readers([reading(consumer)]) as (asked,):
        booking = given(set_("1.00"))
        began = time.monotonic()
        assert_woken(asked, booking)
        return time.monotonic() - began


def subscribers(server: Process) -> int:
    del server
    ((_, count),) = wakeup._redis().pubsub_numsub(wakeup.channel())
    return int(count)


def test_the_listener_ends_when_nobody_waits_any_more(consumer: Api, own_redis: Process) -> None:
    with readers([reading(consumer)]) as (asked,):
        assert_woken(asked, given(set_("1.00")))
    wait_for(lambda: "feed listener" not in {thread.name for thread in threading.enumerate()})
    wait_for(lambda: subscribers(own_redis) == 0)


def test_who_waits_is_counted(consumer: Api) -> None:
    def waiting_now() -> float:
        return metrics.FEED_WAITING._value.get()  # type: ignore[no-any-return]

    before = waiting_now()
    with readers([reading(consumer)] * 2) as asked:
        wait_for(lambda: waiting_now() == before + 2)
        booking = given(set_("1.00"))
        for one in asked:
            assert_woken(one, booking)
    assert waiting_now() == before


def test_an_append_of_another_process_wakes(consumer: Api, api: Api, web: str) -> None:
    with readers([reading(consumer)]) as (asked,):
        booking = new_booking_id()
        headers = {"Authorization": f"Bearer {api.key}"}
        httpx.post(f"{web}/api/v1/fares/{booking}/events", json=new_event(), headers=headers, timeout=20)
        assert_woken(asked, booking)


def test_a_server_that_is_told_to_stop_answers_those_who_wait(consumer: Api, supervisor: Supervisor) -> None:
    port = processes.free_port()
    web = replace(processes.web(port), name="web-to-stop", stopped_within=60)
    supervisor.start(web)
    address = f"{processes.url_of(port)}/api/v1/events"
    headers = {"Authorization": f"Bearer {consumer.key}"}
    after = consumer.get("events?after=tail").json()["next"]

    def call() -> httpx.Response:
        return httpx.get(address, params={"after": after, "wait": 30}, headers=headers, timeout=40)

    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(call) for _ in range(3)]
        time.sleep(1)
        assert not any(one.done() for one in asked)
        begin = time.monotonic()
        supervisor.stop("web-to-stop")
        assert time.monotonic() - begin < 20, "long before their time is up, and not by a kill"
        for one in asked:
            assert one.result(timeout=10).json()["next"] == after
