"""A fare event as every caller gets it: one immutable change, in decimals of its currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from events.metadata import Metadata
from events.money import from_minor


class EventType(StrEnum):
    """What an event does to its component. The sign of the change is the type's; the amount never has one."""

    SET = "SET"
    ADD = "ADD"
    SUB = "SUB"


class Origin(StrEnum):
    """By which way in an event came to the ledger. Set by that way, not by the caller."""

    API = "api"
    IMPORT = "import"
    CORRECTION = "correction"
    SAMPLE = "sample"


COLUMNS = (
    "partition",
    "position",
    "booking_id",
    "version",
    "transaction_id",
    "type",
    "component",
    "currency",
    "exponent",
    "amount",
    "fare",
    "change",
    "components",
    "component_amounts",
    "allow_negative",
    "source",
    "origin",
    "actor",
    "description",
    "metadata",
    "corrects_version",
    "correction_id",
    "recorded_at",
    "occurred_at",
    "hash",
    "request_id",
    "key_id",
)
"""Columns of `ledger.fare_event` that `FareEvent.from_row` takes, in this order."""

SELECTED = ", ".join(COLUMNS).replace("metadata,", "metadata::text,")
"""The same as a SELECT lists them: metadata as it is stored, not parsed by the driver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FareEvent:
    """One event of the ledger. Amounts carry all decimals of the currency (`exponent` of them)."""

    partition: int
    position: int
    booking_id: str
    version: int
    transaction_id: UUID
    type: EventType
    component: str
    currency: str
    exponent: int
    amount: Decimal
    fare: Decimal
    """The fare after this event."""
    change: Decimal
    """The fare after this event less the fare before it."""
    components: dict[str, Decimal]
    """The breakdown after this event, in the order in which components first appeared; sums to `fare`."""
    allow_negative: bool
    source: str
    origin: Origin
    actor: str | None
    description: str | None
    metadata_text: str | None
    """The metadata as stored; None if it was erased."""
    corrects_version: int | None
    correction_id: UUID | None
    recorded_at: datetime
    occurred_at: datetime
    """When the client said it happened; `recorded_at` where it did not say."""
    hash: bytes
    request_id: str | None
    key_id: str | None

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """The event of a row with `COLUMNS`."""
        values = dict(zip(COLUMNS, row, strict=True))
        exponent = values["exponent"]
        for name in ("amount", "fare", "change"):
            values[name] = from_minor(values[name], exponent)
        amounts = (from_minor(minor, exponent) for minor in values.pop("component_amounts"))
        values["components"] = dict(zip(values["components"], amounts, strict=True))
        values["type"] = EventType(values["type"])
        values["origin"] = Origin(values["origin"])
        values["metadata_text"] = values.pop("metadata")
        values["occurred_at"] = values["occurred_at"] or values["recorded_at"]
        return cls(**values)

    @property
    def metadata(self) -> dict[str, Any] | None:
        """The metadata as an object with Decimals for numbers; None if it was erased."""
        return None if self.metadata_text is None else Metadata(self.metadata_text).parsed()

    @property
    def erased(self) -> bool:
        """Whether actor, description and metadata were erased. The hash still proves the rest."""
        return self.metadata_text is None
