"""The ledger as its readers follow it: position by position within each partition.

Positions have no gaps, so a reader that has seen p and gets p + 1 has skipped nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from events import chain, sql
from events.event import SELECTED, FareEvent

_PAGE = f"""
    SELECT {SELECTED}
    FROM ledger.fare_event
    WHERE partition = %s AND position > %s AND position <= %s
    ORDER BY position
"""  # noqa: S608 - made of constants

_RECORDS = f"""
    SELECT {", ".join(chain.FIELDS)}, actor, description, metadata::text, salt, hash
    FROM ledger.fare_event
    WHERE partition = %s AND position > %s AND position <= %s
    ORDER BY position
"""  # noqa: S608 - made of constants


@dataclass(frozen=True, slots=True)
class Identity:
    """Which ledger a position is of. The epoch is raised by a restore that lost events."""

    ledger_id: UUID
    epoch: int


def identity() -> Identity:
    """Of the ledger that this process reads. Not kept: a restore may raise the epoch under a running process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_id, epoch FROM ledger.ledger")
        return Identity(*cursor.fetchone())


def heads() -> dict[int, int]:
    """The last position of every partition's log, 0 where it is empty. One statement, one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("heads"))
        return dict(cursor.fetchall())


def head(partition: int) -> int:
    """The last position of one partition's log, 0 where it is empty."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position FROM ledger.fare_event WHERE partition = %s ORDER BY position DESC LIMIT 1",
            [partition],
        )
        row = cursor.fetchone()
    return 0 if row is None else int(row[0])


def page(partition: int, after: int, upto: int) -> list[FareEvent]:
    """The events of one partition with after < position <= upto, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_PAGE, [partition, after, upto])
        return [FareEvent.from_row(row) for row in cursor.fetchall()]


def records(partition: int, after: int, upto: int) -> list[dict[str, Any]]:
    """The same events as rows, by column: everything that their hashes cover, with the salts. Never served."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORDS, [partition, after, upto])
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
