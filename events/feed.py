"""The ledger as its readers follow it: position by position within each partition.

Positions have no gaps, so a reader that has seen p and gets p + 1 has skipped nothing.
"""

from __future__ import annotations

from django.db import connection

from events import sql


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
