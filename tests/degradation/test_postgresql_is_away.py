"""PostgreSQL is stopped, full or only reads: it says so at once, and so do we."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection
from psycopg import sql

from events.partitions import partition_of
from farehistory.embedded.state import APPLICATION
from farehistory.security.sessions import SEEN, SEEN_NOTED_EVERY
from tests.builders import connected, given, new_booking_id, set_
from tests.degradation.platform import WITHIN, WITHOUT_DATABASE, Platform, slowest, unavailable
from tests.staff import signed_in


def test_stopped_for_a_while(platform: Platform) -> None:
    postgres = platform.process("postgres")
    threads = platform.threads()
    postgres.stop()
    try:
        answers = platform.at_once(platform.append_anew)
        unharmed = [platform.get(path) for path in WITHOUT_DATABASE]
        page, ready = platform.get("/admin/"), platform.get("/health/ready")
    finally:
        postgres.start()
        postgres.wait_until_ready()
    assert unavailable(answers)
    assert slowest(answers) < WITHIN
    assert {each.status for each in unharmed} == {200}
    assert page.status in (302, 503)  # nobody is signed in
    assert ready.status == 503
    platform.is_back()
    platform.nothing_is_lost_or_doubled()
    assert platform.threads() <= threads + 4


def test_a_restart_between_two_requests_costs_none_of_them(platform: Platform) -> None:
    """Each thread kept a connection to the server of before."""
    postgres = platform.process("postgres")
    postgres.stop()
    postgres.start()
    postgres.wait_until_ready()
    answers = platform.at_once(platform.append_anew)
    assert {each.status for each in answers} == {201}
    platform.nothing_is_lost_or_doubled()


@contextmanager
def role(superuser: str, statement: str, undone: str) -> Iterator[None]:
    """A setting of the application's role, in force for all of its connections."""

    def execute(text: str) -> None:
        with psycopg.connect(superuser, autocommit=True) as server:
            server.execute(sql.SQL(text).format(sql.Identifier(APPLICATION)))
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [APPLICATION]
            )

    execute(statement)
    try:
        yield
    finally:
        execute(undone)


def test_no_connection_is_free(platform: Platform, superuser: str) -> None:
    with role(superuser, "ALTER ROLE {} CONNECTION LIMIT 0", "ALTER ROLE {} CONNECTION LIMIT -1"):
        answers = platform.at_once(platform.append_anew)
        assert unavailable(answers)
        assert slowest(answers) < WITHIN
        assert platform.get("/health/ready").status == 503
    platform.is_back()
    platform.nothing_is_lost_or_doubled()


def test_fewer_connections_than_threads_serve_those_who_have_one(platform: Platform, superuser: str) -> None:
    with role(superuser, "ALTER ROLE {} CONNECTION LIMIT 3", "ALTER ROLE {} CONNECTION LIMIT -1"):
        answers = platform.at_once(platform.append_anew)
        served = [each for each in answers if each.status == 201]
        assert served
        assert unavailable([each for each in answers if each.status != 201])
    platform.is_back()
    platform.nothing_is_lost_or_doubled()


def test_only_reading(platform: Platform, superuser: str) -> None:
    """As a standby, or a primary that an operator saves from a full disk."""
    booking = given(set_("14.00"))
    session = signed_in("viewer").cookies["sessionid"].value
    begin = "ALTER ROLE {} SET default_transaction_read_only = on"
    with role(superuser, begin, "ALTER ROLE {} RESET default_transaction_read_only"):
        appends = platform.at_once(platform.append_anew, 16)
        reads = [
            platform.get(f"/api/v1/fares/{booking}{query}")
            for query in ("", "?consistency=strong", "/events", "/events/1", "?version=1")
        ]
        receipt = platform.get(f"/api/v1/fares/{booking}/receipt")
        page = platform.get("/admin/", Cookie=f"sessionid={session}")
        ready = platform.get("/health/ready")
    assert unavailable([*appends, receipt])
    assert {each.status for each in reads} == {200}
    assert ready.status == 200
    assert page.status == 200
    platform.is_back()
    platform.nothing_is_lost_or_doubled()


def test_a_session_that_cannot_be_saved_is_not_taken_for_one_that_was_deleted() -> None:
    browser = signed_in("viewer")
    browser.raise_request_exception = False
    session = browser.session
    session[SEEN] -= 2 * SEEN_NOTED_EVERY
    session.save()
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        try:
            answer = browser.get("/admin/jsi18n/")
        finally:
            cursor.execute("RESET default_transaction_read_only")
    assert answer.status_code == 503
    assert browser.get("/admin/jsi18n/").status_code == 200


def test_a_turn_that_is_held_is_a_503_for_its_partition_and_nothing_to_the_others(platform: Platform) -> None:
    held, free = new_booking_id(), new_booking_id()
    while partition_of(free) == partition_of(held):
        free = new_booking_id()
    turn = "SELECT FROM ledger.partition_turn WHERE partition = %s FOR NO KEY UPDATE"
    with connected("owner") as owner, owner.transaction():
        owner.execute(turn, [partition_of(held)])
        waiting = [platform.begin(lambda: platform.append(held)) for _ in range(3)]
        beside, read = platform.append(free), platform.get(f"/api/v1/fares/{free}?min_version=1")
        assert not any(each.done() for each in waiting)
        assert unavailable([each.result() for each in waiting])
    assert (beside.status, read.status) == (201, 200)
    assert platform.append(held).status == 201


def test_a_table_that_is_locked_is_a_503_while_it_is(platform: Platform) -> None:
    """As a migration that waits for its lock would do."""
    with connected("owner") as owner, owner.transaction():
        owner.execute("LOCK TABLE ledger.fare_event IN ACCESS EXCLUSIVE MODE")
        answers = platform.at_once(platform.append_anew, 8)
        unharmed = [platform.get(path) for path in WITHOUT_DATABASE]
    assert unavailable(answers)
    assert {each.status for each in unharmed} == {200}
    assert platform.append_anew().status == 201
    platform.nothing_is_lost_or_doubled()
