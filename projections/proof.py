"""Whether the view says what the ledger says, over everything there is. Reads all events: not for every minute."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from projections import sql


@dataclass(frozen=True, slots=True)
class Difference:
    """A booking whose view is not the fold of its events; fares in minor units, None where one side lacks it."""

    booking_id: str
    folded: tuple[int | None, Decimal | None]
    viewed: tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Proof:
    """What was compared, and what was found."""

    events: int
    fares: int
    differences: list[Difference]
    gaps: list[str]

    @property
    def holds(self) -> bool:
        return not self.differences and not self.gaps


def prove() -> Proof:
    """Compares every fare of the view with the fold of its events up to the view's checkpoint, in one snapshot,
    and looks for gaps in positions and versions."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0")
        # Before the snapshot, which the first query takes: a rebuild swapped in after it would look empty.
        cursor.execute("LOCK TABLE projection.current_fare IN ACCESS SHARE MODE")
        cursor.execute(
            "SELECT (SELECT count(*) FROM ledger.fare_event), (SELECT count(*) FROM projection.current_fare)"
        )
        events, fares = cursor.fetchone()
        differences = [
            Difference(row[0], (row[1], row[2]), (row[3], row[4])) for row in _rows(cursor, "fold_differs")
        ]
        gaps = [f"{what} has {count} events up to {last}" for what, count, last in _rows(cursor, "gaps")]
    return Proof(events, fares, differences, gaps)


def _rows(cursor: Any, name: str) -> list[tuple[Any, ...]]:
    cursor.execute(sql.statement(name))
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
