"""Which references of the metadata find a booking, and that they do so by an index."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, transaction

from events.partitions import partition_of
from projections import checkpoints, runner
from projections.checkpoints import OtherVersion
from projections.projector import Page
from projections.projectors.booking_search import MAX_LENGTH, BookingSearchProjector
from projections.search import bookings_with, references_beginning_with
from projections.sql import in_schema, statement
from tests.builders import add, append, given, set_

PROJECTOR = BookingSearchProjector()


def drain() -> int:
    return runner.drain(PROJECTOR, runner.lagging(PROJECTOR))


def fresh(prefix: str = "C") -> str:
    return f"{prefix}-{uuid4().hex}"


def naming(metadata: dict[str, Any], booking_id: str | None = None) -> str:
    booking = given(set_("14.00", metadata=metadata), booking_id=booking_id)
    drain()
    return booking


def ids_with(value: str, **bounds: Any) -> list[str]:
    found = bookings_with(value, **bounds)
    assert [partition for partition, _ in found] == [partition_of(booking) for _, booking in found]
    return [booking for _, booking in found]


def rows_of(booking: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, value FROM projection.booking_search"
            " WHERE partition = %s AND booking_id = %s ORDER BY key, value",
            [partition_of(booking), booking],
        )
        return cursor.fetchall()


def test_a_booking_is_found_by_each_reference_of_each_of_its_events() -> None:
    customer, order, ticket = fresh(), fresh("O"), fresh("CASE")
    booking = naming({"customer_ref": customer, "order_id": order})
    append(booking, add("refund", "1.00", metadata={"ticket": ticket, "customer_ref": customer}))
    drain()
    assert rows_of(booking) == [("customer_ref", customer), ("order_id", order), ("ticket", ticket)]
    for value in (customer, order, ticket):
        assert ids_with(value) == [booking]


def test_a_key_narrows_the_search() -> None:
    value = fresh()
    customer = naming({"customer_id": value})
    both = naming({"customer_id": value, "order_id": value})
    assert ids_with(value) == sorted([customer, both])
    assert ids_with(value, key="order_id") == [both]
    assert ids_with(value, key="trip_id") == []


def test_bookings_come_in_pages_in_order_of_their_ids() -> None:
    value, prefix = fresh(), uuid4().hex
    bookings = [naming({"customer_id": value}, f"{prefix}{end}") for end in ("A", "Z", "_", "a", "z")]
    assert ids_with(value, limit=2) == bookings[:2]
    assert ids_with(value, after=bookings[1], limit=2) == bookings[2:4]
    assert ids_with(value, after=bookings[3], limit=2) == bookings[4:]


@pytest.mark.parametrize(
    ("value", "found_as"),
    [
        ("00042", "00042"),
        ("Nguyễn 5/7 'x' \\ \"y\" %_", "Nguyễn 5/7 'x' \\ \"y\" %_"),
        (" with blanks ", " with blanks "),
        (42, "42"),
        (Decimal("1.50"), "1.50"),
        (Decimal("-0"), "-0"),
        ("l" * MAX_LENGTH, "l" * MAX_LENGTH),
        ("ö" * MAX_LENGTH, "ö" * MAX_LENGTH),
    ],
)
def test_strings_and_numbers_are_found_as_they_were_written(value: Any, found_as: str) -> None:
    booking = naming({"customer_id": value})
    assert rows_of(booking) == [("customer_id", found_as)]
    assert booking in ids_with(found_as, after=booking[:-1])


@pytest.mark.parametrize(
    "value", [None, True, False, "", [], ["C-1"], {}, {"customer_id": "C-1"}, "x" * (MAX_LENGTH + 1)]
)
def test_other_values_are_no_references(value: Any) -> None:
    assert rows_of(naming({"customer_id": value})) == []


def test_keys_that_are_not_configured_or_lie_deeper_find_nothing() -> None:
    value = fresh()
    booking = naming({"Customer_id": value, "note": value, "rider": {"customer_id": value}})
    assert rows_of(booking) == []
    assert ids_with(value) == []


@pytest.mark.parametrize("value", ["", "\0", "a\0b", "x" * (MAX_LENGTH + 1)])
def test_what_no_event_can_name_is_not_looked_for(value: str) -> None:
    assert ids_with(value) == []
    assert references_beginning_with(value) == []


def test_references_are_found_by_their_beginning_each_once_in_byte_order() -> None:
    prefix = fresh()
    endings = ["", "A", "Z", "_", "a", "é", "ก", "\U0001f6b2"]
    for ending in reversed(endings):
        naming({"customer_id": prefix + ending})
        naming({"order_id": prefix + ending})
    naming({"customer_id": prefix[:-1]})
    assert references_beginning_with(prefix) == [prefix + ending for ending in endings]
    assert references_beginning_with(prefix, limit=2) == [prefix, prefix + "A"]


def test_applying_a_page_again_changes_nothing() -> None:
    booking = naming({"customer_id": fresh()})
    before = rows_of(booking)
    partition = partition_of(booking)
    with transaction.atomic():
        at = checkpoints.lock(PROJECTOR, partition)
        PROJECTOR.apply(Page(partition, 0, at))
    assert rows_of(booking) == before


def test_other_keys_make_another_version_whose_tables_are_rebuilt_first() -> None:
    other = BookingSearchProjector(keys=["zone", "customer_id"])
    assert other.version == "1:customer_id,zone"
    assert other.version == BookingSearchProjector(keys=["customer_id", "zone"]).version
    partition = partition_of(given(set_("14.00")))
    with pytest.raises(OtherVersion, match="1:customer_id,customer_ref,order_id"):
        runner.drain(other, [partition])
    drain()


@pytest.fixture
def elsewhere(superuser: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that may write what no append writes: events whose metadata a jsonb cannot hold, or erased ones."""
    with psycopg.connect(superuser, autocommit=True) as connection:
        yield connection


def test_metadata_that_no_jsonb_can_hold_is_read_and_erased_metadata_is_passed_over(
    elsewhere: psycopg.Connection[Any],
) -> None:
    """Put beside a copy of the ledger's row: metadata is json, and an erasure leaves NULL."""
    value = fresh()
    booking = given(set_("14.00"), add("toll", "1.00"))
    schema = f"search_{uuid4().hex}"
    texts = [f'{{"n":1e400,"customer_id":"{value}","order_id":1e400}}', None]
    elsewhere.execute(f"CREATE SCHEMA {schema}")
    try:
        elsewhere.execute(f"CREATE TABLE {schema}.fare_event (LIKE ledger.fare_event)")
        elsewhere.execute(
            f"INSERT INTO {schema}.fare_event"
            " SELECT (e).* FROM (SELECT json_populate_record(event, json_build_object('metadata', text::json)) AS e"
            " FROM ledger.fare_event AS event JOIN unnest(%s::text[]) WITH ORDINALITY AS x (text, version)"
            " USING (version) WHERE event.partition = %s AND event.booking_id = %s) AS changed",
            [texts, partition_of(booking), booking],
        )
        elsewhere.execute(in_schema(PROJECTOR.table_statements(), schema))
        text = (
            statement("booking_search").replace(":page", f"{schema}.fare_event").replace(':"schema"', schema)
        )
        elsewhere.execute(
            text, {"partition": partition_of(booking), "keys": PROJECTOR.keys, "max_length": MAX_LENGTH}
        )
        rows = elsewhere.execute(f"SELECT key, value FROM {schema}.booking_search ORDER BY key").fetchall()
        assert rows == [("customer_id", value), ("order_id", "1e400")]
    finally:
        elsewhere.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(scope="module")
def many() -> Iterator[str]:
    """Some ten thousand rows more, for as long as the planner is asked: values that share a beginning."""
    prefix = fresh("MANY")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO projection.booking_search (partition, booking_id, key, value)"
            " SELECT n %% 64, %(prefix)s || n, key, %(prefix)s || (n / 10)"
            " FROM generate_series(1, 20000) AS n, unnest(ARRAY['customer_id', 'order_id']) AS key",
            {"prefix": prefix},
        )
        cursor.execute("ANALYZE projection.booking_search")
    yield prefix
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM projection.booking_search WHERE value >= %s AND value < %s", [prefix, prefix + "~"]
        )


@pytest.mark.parametrize("key", [None, "order_id"])
def test_a_reference_is_found_booking_by_booking(many: str, key: str | None) -> None:
    bounds = {"value": f"{many}777", "key": key, "after": f"{many}7770", "limit": 50}
    plan = explained("bookings_with_reference", bounds)
    assert plan.count("Scan using booking_search_value") == 2
    assert "Seq Scan" not in plan
    assert f"value = '{many}777'" in plan
    assert len(bookings_with(f"{many}777", key=key)) == 10


def test_references_with_a_beginning_are_found_value_by_value(many: str) -> None:
    plan = explained("references_by_prefix", {"low": f"{many}77", "high": f"{many}77~", "limit": 5})
    assert plan.count("using booking_search_value") == 2
    assert "Seq Scan" not in plan
    expected = sorted(f"{many}{n}" for n in range(2001) if str(n).startswith("77"))
    assert references_beginning_with(f"{many}77") == expected


def explained(name: str, bounds: dict[str, Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement(name)}", bounds)
        return "\n".join(row[0] for row in cursor.fetchall())
