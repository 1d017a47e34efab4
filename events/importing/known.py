"""What the ledger and the rows before have of a booking, and whether a row fits that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, cast
from uuid import UUID

from django.db import OperationalError, connection

from events import sql
from events.errors import Unavailable
from events.importing.rows import PlannedRow, RowRefused
from events.partitions import partition_of

TRIP_NOT_FOUND: Final = "trip_not_found"


@dataclass(slots=True)
class Known:
    """A booking's last version (0: it has no event yet) and the transaction ids of its events."""

    version: int = 0
    transaction_ids: set[UUID | str] = field(default_factory=set)

    def lacks(self, row: PlannedRow) -> int:
        """How many of the row's events are not there."""
        return sum(event.transaction_id not in self.transaction_ids for event in row.events)

    def take(self, row: PlannedRow) -> None:
        """Counts the row's events as there."""
        self.version += self.lacks(row)
        self.transaction_ids.update(event.transaction_id for event in row.events)


def objection(row: PlannedRow, known: Known) -> RowRefused | None:
    """Why not all of a row's events can follow what is known of its booking; None if they can.

    A line that is one event of many is the ledger's to judge. A row with a whole fare finds nothing there, or
    all of its events, or the first few of them (an import was killed) and nothing after those.
    """
    lacking = known.lacks(row)
    if not row.whole_fare or not lacking:
        return None
    there = len(row.events) - lacking
    if row.reverses is not None and row.reverses not in known.transaction_ids:
        reason = "a negative fare, and neither the ledger nor a row has the trip with the opposite amounts"
        return RowRefused(TRIP_NOT_FOUND, reason)
    if known.version == cast(int, row.events[0].expected_version) + there:
        return None
    if row.reverses is None and not there:
        reason = "this booking is known with other amounts, from the ledger or an earlier row"
        return RowRefused("booking_differs", reason)
    reason = f"the fare has changed since it came in (version {known.version}): correct it by hand"
    return RowRefused("fare_moved", reason)


def known_of(booking_ids: Collection[str]) -> dict[str, Known]:
    """One query for all of them; a booking that the ledger does not know is left out.

    Raises Unavailable if the database does not answer.
    """
    asked = list(booking_ids)
    try:
        partitions = [partition_of(booking_id) for booking_id in asked]
        with connection.cursor() as cursor:
            cursor.execute(sql.statement("known_events"), {"partitions": partitions, "booking_ids": asked})
            return {booking_id: Known(version, set(ids)) for booking_id, version, ids in cursor.fetchall()}
    except OperationalError as error:
        raise Unavailable("the ledger did not answer: " + str(error).splitlines()[0]) from error
