"""Finding bookings by a part of their id, with the extension pg_trgm and without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client

from projections import search
from projections.admin.fare_search import PAGE, Kind, search_fares
from projections.admin.fares import fare_url
from projections.search import bookings_with_part
from projections.sql import in_schema, statement
from tests.projections.admin.pages import text_of
from tests.projections.admin.test_fare_search import SEARCH, projected

MIGRATION = import_module("projections.migrations.0008_trigrams")


def fresh_part() -> str:
    return uuid4().hex[:14]


def test_a_part_that_one_id_has_goes_straight_to_the_fare(viewer: Client) -> None:
    part = fresh_part()
    booking = projected(f"BK-2026-{part.upper()}-X")
    for query in (part, part.upper(), part[2:-2]):
        assert viewer.get(SEARCH, {"q": query})["Location"] == fare_url(booking)


def test_a_part_that_several_ids_have_lists_them_in_pages(viewer: Client) -> None:
    part = fresh_part()
    bookings = sorted(projected(f"{letter}{number}-{part}-Z") for letter in "Ab" for number in range(27))
    text = text_of(viewer.get(SEARCH, {"q": part}))
    assert f"Bookings with “{part}” in their id" in text
    first = search_fares(part)
    assert (first.kind, [fare.booking_id for fare in first.fares]) == (Kind.PART, bookings[:PAGE])
    assert first.next_after is not None
    rest = search_fares(part, after=first.next_after)
    assert ([fare.booking_id for fare in rest.fares], rest.next_after) == (bookings[PAGE:], None)


def test_ids_that_begin_so_come_first_and_lead_on_to_those_with_it_in_the_middle(viewer: Client) -> None:
    part = fresh_part()
    begins = [projected(f"{part}-{number}") for number in range(2)]
    within = projected(f"BK-{part}")
    assert [fare.booking_id for fare in search_fares(part).fares] == begins
    assert f"?q={part}&amp;part=1" in viewer.get(SEARCH, {"q": part}).content.decode()
    assert [fare.booking_id for fare in search_fares(part, part=True).fares] == sorted([*begins, within])


def test_signs_that_mean_something_in_a_pattern_mean_themselves() -> None:
    part = fresh_part()
    projected(f"BK-{part}xA")
    literal = projected(f"BK-{part}_A")
    assert [booking for _, booking in bookings_with_part(f"{part}_A").bookings] == [literal]


@pytest.mark.parametrize("query", ["ab", "a-b-c", "..ab..", "%%%", "x" * 65, "กขค", "ab\0c"])
def test_what_says_too_little_is_not_looked_for(query: str) -> None:
    assert not search.can_be_a_part(query)
    assert bookings_with_part(query).bookings == ()


def test_a_part_that_too_many_have_asks_for_more(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    part = fresh_part()
    for number in range(3):
        projected(f"{number}-{part}")
    monkeypatch.setattr(search, "MOST_WITH_PART", 2)
    assert "Type more of the id." in text_of(viewer.get(SEARCH, {"q": part}))


def test_a_part_that_far_too_many_have_is_not_even_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    part = fresh_part()
    projected(f"BK-{part}")
    monkeypatch.setattr(search, "FAR_TOO_MANY", 0)
    assert bookings_with_part(part).too_many


def test_a_look_that_takes_too_long_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    part = fresh_part()
    projected(f"BK-{part}")
    slow = statement("bookings_with_part").replace(
        "SELECT found.partition", "SELECT pg_sleep(5), found.partition"
    )
    monkeypatch.setattr(search, "LONGEST_LOOK_FOR_PARTS", "50ms")
    monkeypatch.setattr(
        search, "statement", lambda name: slow if name == "bookings_with_part" else statement(name)
    )
    assert bookings_with_part(part).too_many
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_seqscan")
        assert cursor.fetchone() == ("on",)


@contextmanager
def no_index() -> Iterator[None]:
    """The view's table as a database without the extension has it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX projection.event_search_part")
        yield
        transaction.set_rollback(True)


def test_a_database_without_the_extension_says_so_and_finds_the_rest(viewer: Client) -> None:
    part = fresh_part()
    booking = projected(f"BK-{part}")
    with no_index():
        text = text_of(viewer.get(SEARCH, {"q": part}))
        assert "this database lacks the extension pg_trgm" in text
        for query in (booking, booking[:11]):
            assert viewer.get(SEARCH, {"q": query})["Location"] == fare_url(booking)
    assert viewer.get(SEARCH, {"q": part})["Location"] == fare_url(booking)


@pytest.fixture
def empty_database(superuser: str) -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection to a database with nothing in it."""
    name = f"empty_{uuid4().hex[:8]}"
    with psycopg.connect(superuser, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            with psycopg.connect(superuser, dbname=name, autocommit=True) as empty:
                empty.execute("CREATE SCHEMA projection")
                yield empty
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("schema", [None, "public", "extensions"])
def test_the_table_has_the_index_where_there_is_the_extension_in_whichever_schema(
    empty_database: psycopg.Connection[Any], schema: str | None
) -> None:
    if schema is not None:
        empty_database.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        empty_database.execute(f"CREATE EXTENSION pg_trgm SCHEMA {schema}")
    empty_database.execute(in_schema(statement("tables/event_search"), "projection"))
    has = empty_database.execute(statement("parts_can_be_searched")).fetchone()
    assert has == (schema is not None,)


def test_where_the_extension_cannot_be_had_migrating_goes_on_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(MIGRATION, "statement", lambda name: "CREATE EXTENSION no_such_extension")
    with connections["owner"].schema_editor() as editor:
        MIGRATION.install(None, editor)
        with editor.connection.cursor() as cursor:
            cursor.execute("SELECT 1")  # the transaction around it goes on
    assert "pg_trgm cannot be had" in caplog.text


def test_another_error_of_the_migration_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MIGRATION, "statement", lambda name: "CREATE EXTENSION")
    with pytest.raises(Exception, match="syntax error"), connections["owner"].schema_editor() as editor:
        MIGRATION.install(None, editor)


def test_the_migration_can_be_taken_back_and_made_again() -> None:
    call_command("migrate", "projections", "0007", verbosity=0)
    call_command("migrate", "projections", verbosity=0)  # all of them again: the session goes on
    assert search.parts_can_be_searched()
