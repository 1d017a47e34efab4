"""What the rows before would have put into each booking, in a dry run: it is in no ledger, so a file keeps it.

What one step has seen counts for the steps after it alone: one that is done again, after its process died, does not
take its own rows for others'.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from events.fold import Fare
from events.judging import Standing
from events.same_content import FINGERPRINT_BYTES

_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS booking (
        booking_id TEXT NOT NULL, step INTEGER NOT NULL, standing TEXT NOT NULL, events BLOB NOT NULL,
        PRIMARY KEY (booking_id, step)
    ) WITHOUT ROWID
"""
_ID_BYTES: Final = 16
_EVENT_BYTES: Final = _ID_BYTES + FINGERPRINT_BYTES


class Seen:
    """The file, as it is open from a step on."""

    def __init__(self, database: sqlite3.Connection, step: int) -> None:
        self._database = database
        self._step = step
        database.execute(_TABLE)
        self._forget_a_try()

    @classmethod
    @contextmanager
    def opened(cls, path: Path, step: int) -> Iterator[Self]:
        """For the step of this number; the file is made where it is missing."""
        path.touch(mode=0o600)
        with closing(sqlite3.connect(path)) as database:
            yield cls(database, step)

    @classmethod
    @contextmanager
    def for_one_process(cls) -> Iterator[Self]:
        """A file without a name, which goes with the process and is on disk only once memory does not do."""
        with closing(sqlite3.connect("", check_same_thread=False)) as database:
            yield cls(database, 0)

    def standings(self, booking_ids: Collection[str]) -> dict[str, Standing]:
        """Where steps before would have brought these bookings; one that they did not change is left out."""
        query = "SELECT standing FROM booking WHERE booking_id = ? AND step < ? ORDER BY step DESC LIMIT 1"
        found: dict[str, Standing] = {}
        for booking_id in booking_ids:
            for (text,) in self._database.execute(query, [booking_id, self._step]):
                found[booking_id] = _standing(text)
        return found

    def events(self, booking_id: str) -> Iterator[tuple[UUID, bytes]]:
        """Transaction ids that steps before would have appended to it, with the fingerprints of what they made."""
        query = "SELECT events FROM booking WHERE booking_id = ? AND step < ?"
        for (events,) in self._database.execute(query, [booking_id, self._step]).fetchall():
            for at in range(0, len(events), _EVENT_BYTES):
                fingerprint_at = at + _ID_BYTES
                yield UUID(bytes=events[at:fingerprint_at]), events[fingerprint_at : at + _EVENT_BYTES]

    def keep(self, standings: Mapping[str, Standing], events: Mapping[str, Mapping[UUID, bytes]]) -> None:
        """What this step would have appended to each booking, and where that brought it. The next one follows."""
        rows = [
            (
                booking_id,
                self._step,
                _text(standing),
                b"".join(each.bytes + fingerprint for each, fingerprint in events[booking_id].items()),
            )
            for booking_id, standing in standings.items()
        ]
        self._step += 1
        with self._database:
            self._database.executemany("INSERT INTO booking VALUES (?, ?, ?, ?)", rows)
            self._database.execute(f"PRAGMA user_version = {self._step}")

    def _forget_a_try(self) -> None:
        """Of this step, if one got so far: the file says itself which step it waits for."""
        ((awaited,),) = self._database.execute("PRAGMA user_version")
        if awaited > self._step:
            with self._database:
                self._database.execute("DELETE FROM booking WHERE step >= ?", [self._step])


def _text(standing: Standing) -> str:
    components = {name: str(amount) for name, amount in standing.breakdown.components.items()}
    return json.dumps([standing.currency, standing.exponent, standing.version, components])


def _standing(text: str) -> Standing:
    currency, exponent, version, components = json.loads(text)
    amounts = {name: Decimal(amount) for name, amount in components.items()}
    return Standing(currency, exponent, Fare(version, amounts))
