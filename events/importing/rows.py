"""What passes between reading a file and appending to the ledger: one value per row, none is ever lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from events.new_event import NewEvent


class ImportFailed(Exception):
    """The import cannot start or go on: a file, its header or a mapping as a whole. Says what to do."""


class RowRefused(Exception):
    """One row breaks a rule. `code` is stable, the message is for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Outcome(StrEnum):
    """What became of a row. Every row has exactly one."""

    IMPORTED = "imported"
    REPLAYED = "replayed"
    """All of its events were in the ledger already."""
    REFUSED = "refused"
    """Nothing of it was written."""
    PARTLY = "partly imported"
    """Some of its events were written before one was refused; a person must look."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: the file as the user named it, and its line there (the first is 1)."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(slots=True, kw_only=True)
class FareRow:
    """A row that states one booking's whole fare: a base and extras, all signed, in units of `currency`."""

    place: Place
    booking_id: str
    identity: UUID
    """Stands for the booking alone: the same in every file, whatever the amounts."""
    currency: str
    base: Decimal
    extras: list[tuple[str, Decimal]]
    """(component, amount) where the amount is not zero, in the order of the layout."""
    stated_total: Decimal | None
    occurred_at: datetime
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class PlannedRow:
    """A row as the events that it asks for, all of one booking, in order."""

    place: Place
    booking_id: str
    events: list[NewEvent]
    currency: str
    """"" where the row leaves it to the booking."""
    total: Decimal
    """What the row counts for in the sums: the total it states, else what its events come to."""
    events_sum: Decimal
    """By how much the row's events change the fare."""
    whole_fare: bool = False
    """The row states all of a booking's fare, so a booking that has other events contradicts it."""
    reverses: UUID | None = None
    """Transaction id of the SET that must stand in the ledger for this row to take back."""
    if_id_reused: str = ""
    """What it means if the ledger has an id of this row for another event; "" where the file gives the ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A row that was refused before the ledger saw it."""

    place: Place
    code: str
    reason: str
    booking_id: str = ""
    currency: str = ""
    total: Decimal | None = None
    """None if the row's total cannot be read; then it is in no sum."""


Row = PlannedRow | RefusedRow
