"""Compares a projector's tables in two schemas, row by row: what is stored against what was rebuilt.

It knows no table by name: keys and columns come from the catalogs. Both sides must be at one checkpoint, which is
the caller's to see to: by locks, or by one snapshot.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction
from psycopg.sql import SQL, Identifier

from events.partitions import partition_of
from projections.columns import columns_of
from projections.projector import CHECK, LIVE, NEXT, Page, Projector
from projections.table_pair import TablePair

LONGEST_HISTORY: Final = 1000
"""Versions that are folded one by one to find the first that differs."""

Row = dict[str, Any]


class NotComparable(ValueError):
    """The two sides have no table, or no key, in common."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that the two sides do not agree on. Values are what JSON has; numbers with a fraction are texts."""

    table: str
    key: Row
    booking_id: str | None
    """None where the table's rows are not of single bookings."""
    stored: Row | None
    """The row as it is stored; None if it is missing."""
    rebuilt: Row | None
    """The row as the ledger gives it; None if it gives none."""


def compare(
    projector: Projector,
    partition: int,
    *,
    stored: str = LIVE,
    rebuilt: str = NEXT,
    bookings: Sequence[str] | None = None,
    limit: int = 1000,
) -> list[Difference]:
    """The rows of one partition that differ between two schemas, at most `limit`, in the order of their keys.

    `bookings` narrows it to theirs. Bookings that are set aside on either side are left out: they are known to be
    behind. Only columns that both sides have are compared. Raises NotComparable.
    """
    found: list[Difference] = []
    for pair in _pairs(projector, stored, rebuilt, bookings):
        with connection.cursor() as cursor:
            cursor.execute(pair.rows(), pair.parameters(partition, limit - len(found)))
            found += [_difference(pair, *row) for row in cursor.fetchall()]
    return found


def count(
    projector: Projector,
    partition: int,
    *,
    stored: str = LIVE,
    rebuilt: str = NEXT,
    bookings: Sequence[str] | None = None,
) -> int:
    """How many rows differ; as `compare`, without a limit."""
    total = 0
    for pair in _pairs(projector, stored, rebuilt, bookings):
        with connection.cursor() as cursor:
            cursor.execute(pair.counted(), pair.parameters(partition))
            total += cursor.fetchone()[0]
    return total


def first_version(projector: Projector, difference: Difference) -> int | None:
    """The first version of the booking from which the stored row is not what the ledger gives: the one after the
    last at which they agree, 1 if they never do.

    Folds the booking in the schema CHECK and rolls back. None where the row is not of one booking, or the history
    is too long to be folded one by one.
    """
    if difference.booking_id is None or not projector.by_booking:
        return None
    positions = _positions(difference)
    if len(positions) > LONGEST_HISTORY:
        return None
    agreed = 0
    for version, row in _folds(projector, difference, positions):
        if row == difference.stored:
            agreed = version
    return agreed + 1


def _pairs(
    projector: Projector, stored: str, rebuilt: str, bookings: Sequence[str] | None
) -> Iterator[TablePair]:
    for table in projector.tables:
        columns = (columns_of(stored, table), columns_of(rebuilt, table))
        if not columns[0].key or columns[0].key != columns[1].key:
            raise NotComparable(f"{table} has other keys in {stored} than in {rebuilt}, or is not in both")
        yield TablePair(
            projector.name,
            table,
            (stored, rebuilt),
            columns,
            None if bookings is None else list(bookings),
        )


def _difference(pair: TablePair, stored: str | None, rebuilt: str | None) -> Difference:
    before, after = _parsed(stored), _parsed(rebuilt)
    row: Row = before or after or {}
    return Difference(
        table=pair.table,
        key={name: row[name] for name in pair.key},
        booking_id=row["booking_id"] if pair.of_bookings else None,
        stored=before,
        rebuilt=after,
    )


def _parsed(row: str | None) -> Row | None:
    """Exact: a numeric with a fraction must not pass through a float."""
    parsed: Row | None = None if row is None else json.loads(row, parse_float=str)
    return parsed


def _positions(difference: Difference) -> list[tuple[int, int]]:
    """Version and position of the events after which the ledger could agree with the row: all of the booking's,
    or the one of its version if it states one."""
    version = (difference.stored or {}).get("version")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version, position FROM ledger.fare_event WHERE partition = %(partition)s"
            " AND booking_id = %(booking)s AND (%(version)s::integer IS NULL OR version = %(version)s)"
            " ORDER BY version LIMIT %(limit)s",
            {
                "partition": partition_of(str(difference.booking_id)),
                "booking": difference.booking_id,
                "version": version,
                "limit": LONGEST_HISTORY + 1,
            },
        )
        return cursor.fetchall()


def _folds(
    projector: Projector, difference: Difference, positions: list[tuple[int, int]]
) -> Iterator[tuple[int, Row | None]]:
    """The row of this key after each of these events."""
    booking = str(difference.booking_id)
    partition = partition_of(booking)
    with _rolled_back():
        _clear(projector, partition, booking)
        after = 0
        for version, position in positions:
            projector.apply(Page(partition, after, position, CHECK, bookings=(booking,)))
            yield version, _row(difference)
            after = position


def _row(difference: Difference) -> Row | None:
    same_key = SQL(" AND ").join(SQL("{} = %s").format(Identifier(name)) for name in difference.key)
    statement = SQL("SELECT to_jsonb(row) FROM {} AS row WHERE {}").format(
        Identifier(CHECK, difference.table), same_key
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(None), list(difference.key.values()))
        found = cursor.fetchone()
    return None if found is None else _parsed(found[0])


def _clear(projector: Projector, partition: int, booking: str) -> None:
    """Whoever calls may have folded the booking there himself."""
    with connection.cursor() as cursor:
        for table in projector.tables:
            cursor.execute(
                f'DELETE FROM "{CHECK}"."{table}" WHERE partition = %s AND booking_id = %s',  # noqa: S608
                [partition, booking],
            )


class _Done(Exception):
    """Raised to roll back."""


@contextmanager
def _rolled_back() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
            raise _Done
    except _Done:
        pass
