"""PostgreSQL neither answers nor closes anything: nobody waits for longer than for one answer, and all is well when it
goes on."""

from __future__ import annotations

import time
from statistics import median

import psycopg
import pytest

from events import feed
from events.key_check import HELD_SECONDS
from farehistory.database.circuit import REST_SECONDS
from projections import runner
from projections.projectors import projector
from tests.builders import new_booking_id
from tests.degradation.platform import (
    STARTED_WHEN_NEEDED,
    WITHIN,
    WITHOUT_DATABASE,
    Platform,
    slowest,
    stopped,
    unavailable,
    with_all_that_it_started,
)
from tests.staff import signed_in


def test_fifty_clients_are_told_so_and_none_of_them_waits_for_the_others(platform: Platform) -> None:
    postgres = platform.process("postgres")
    threads = platform.threads()
    with stopped(*with_all_that_it_started(postgres)):
        first = platform.at_once(platform.append_anew)
        again = platform.at_once(platform.append_anew)
    assert unavailable([*first, *again])
    assert slowest(first) < WITHIN  # with each thread waiting in turn, more
    # Somebody tries whether it is back; the others are answered at once, as fast as the machine can.
    assert median(each.seconds for each in again) < 2
    platform.is_back()
    platform.nothing_is_lost_or_doubled()
    assert platform.threads() <= threads + STARTED_WHEN_NEEDED


def test_what_needs_no_database_goes_on_and_pages_say_that_it_is_away(platform: Platform) -> None:
    postgres = platform.process("postgres")
    session = signed_in("viewer").cookies["sessionid"].value
    with stopped(*with_all_that_it_started(postgres)):
        waiting = [platform.begin(platform.append_anew) for _ in range(16)]
        unharmed = [platform.get(path) for path in WITHOUT_DATABASE]
        page = platform.get("/admin/", Cookie=f"sessionid={session}")
        ready = platform.get("/health/ready")
        assert unavailable([each.result() for each in waiting])
    assert {each.status for each in unharmed} == {200}
    assert slowest(unharmed) < WITHIN
    assert (page.status, ready.status) == (503, 503)
    assert "cannot be answered right now" in page.response.text
    assert int(page.response.headers["Retry-After"]) >= 1
    assert ready.response.json()["checks"]["postgresql"] == "unavailable"
    platform.is_back()
    assert platform.get("/admin/", Cookie=f"sessionid={session}").status == 200


def test_who_has_a_connection_goes_on_while_no_new_one_is_made(platform: Platform) -> None:
    postmaster = with_all_that_it_started(platform.process("postgres"))[0]
    with stopped(postmaster):
        answers = platform.at_once(platform.append_anew)
    assert {each.status for each in answers} == {201}
    platform.nothing_is_lost_or_doubled()


@pytest.mark.long
def test_cached_fares_are_read_on_with_a_key_that_should_be_looked_up_again(platform: Platform) -> None:
    booking = new_booking_id()
    platform.append(booking)
    for name in ("current_fare", "fare_cache"):
        runner.drain(projector(name), feed.heads())
    for _ in range(6):  # each process holds the key, and each thread has its connection to the cache
        platform.at_once(lambda: platform.get(f"/api/v1/fares/{booking}"))
    with stopped(*with_all_that_it_started(platform.process("postgres"))):
        time.sleep(HELD_SECONDS + 1)
        reads = [platform.get(f"/api/v1/fares/{booking}") for _ in range(60)]
    failed = [read for read in reads if read.status != 200]
    # A thread that has just been started asks PostgreSQL once whether it may trust the cache.
    assert len(failed) <= 12 and unavailable(failed)
    assert median(read.seconds for read in reads) < 1  # one a second finds out whether it is back
    platform.is_back()


def test_no_connection_is_left_behind(platform: Platform, superuser: str) -> None:
    def connections_of_web() -> int:
        with psycopg.connect(superuser) as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'farehistory'"
            ).fetchone() or (0,)
            return int(count)

    postgres = platform.process("postgres")
    before = connections_of_web()
    with stopped(*with_all_that_it_started(postgres)):
        assert unavailable(platform.at_once(platform.append_anew, 16))
    time.sleep(REST_SECONDS)
    platform.is_back()
    deadline = time.monotonic() + 60
    while connections_of_web() > before:
        assert time.monotonic() < deadline, f"{connections_of_web()} connections after {before}"
        time.sleep(0.2)
