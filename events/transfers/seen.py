"""What the rows before have of each booking, in a dry run: they are in no ledger, so its steps keep it in a file.

A step's entries count for the steps after it alone: one that is done again, after its process died, does not take
its own rows for others'.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from events.importing.known import Known

_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS seen (
        booking_id TEXT NOT NULL, step INTEGER NOT NULL, transaction_ids BLOB NOT NULL,
        PRIMARY KEY (booking_id, step)
    ) WITHOUT ROWID
"""
_ID_BYTES: Final = 16


class Seen:
    """The file, as one step has it open."""

    def __init__(self, database: sqlite3.Connection, step: int) -> None:
        self._database = database
        self._step = step

    @classmethod
    @contextmanager
    def opened(cls, path: Path, step: int) -> Iterator[Self]:
        """For the step of this number; the file is made where it is missing."""
        path.touch(mode=0o600)
        with closing(sqlite3.connect(path)) as database:
            database.execute(_TABLE)
            yield cls(database, step)

    def added_to(self, known: Mapping[str, Known], booking_ids: Collection[str]) -> dict[str, Known]:
        """What the ledger knows of these bookings and what steps before this one saw, together."""
        together = dict(known)
        for booking_id in booking_ids:
            for transaction_id in self._ids(booking_id):
                of_booking = together.setdefault(booking_id, Known())
                if transaction_id not in of_booking.transaction_ids:
                    of_booking.transaction_ids.add(transaction_id)
                    of_booking.version += 1
        return together

    def keep(self, new: Mapping[str, Collection[UUID | str]]) -> None:
        """What this step has seen of each booking. Done again, it replaces what it said the first time."""
        rows = [
            (booking_id, self._step, b"".join(UUID(str(each)).bytes for each in ids))
            for booking_id, ids in new.items()
            if ids
        ]
        with self._database:
            self._database.execute("DELETE FROM seen WHERE step >= ?", [self._step])
            self._database.executemany("INSERT INTO seen VALUES (?, ?, ?)", rows)

    def _ids(self, booking_id: str) -> Iterator[UUID]:
        found = self._database.execute(
            "SELECT transaction_ids FROM seen WHERE booking_id = ? AND step < ?", [booking_id, self._step]
        )
        for (ids,) in found.fetchall():
            for at in range(0, len(ids), _ID_BYTES):
                yield UUID(bytes=ids[at : at + _ID_BYTES])
