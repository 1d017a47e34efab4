"""Whether a transaction id comes again with the same content: what `ledger.same_content_v1` says, in Python.

The currency is no part of it: all events of a booking have one, and an event that names none means that one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Context, Decimal
from hashlib import blake2b
from typing import Any, Final, Self, cast
from uuid import UUID

from events import strict_json
from events.event import EventType
from events.metadata import Metadata
from events.new_event import NewEvent

FINGERPRINT_BYTES: Final = 16

_EXACT: Final = Context(prec=strict_json.MAX_NUMBER_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What must be the same. Amounts and numbers in metadata are compared as numbers: 1.50 is 1.5."""

    type: EventType | str
    component: str
    amount: Decimal
    allow_negative: bool
    source: str
    occurred_at: datetime | None
    corrects_version: int | None = None
    correction_id: UUID | None = None
    actor: str | None
    description: str | None
    metadata_text: str | None
    """None: erased, as actor and description are then."""

    @classmethod
    def of(cls, event: NewEvent, source: str) -> Self:
        """Of an event that is to be appended."""
        return cls(
            type=event.type,
            component=event.component,
            amount=cast(Decimal, event.amount),
            allow_negative=event.allow_negative,
            source=source,
            occurred_at=cast("datetime | None", event.occurred_at),
            actor=event.actor,
            description=event.description,
            metadata_text=cast(Metadata, event.metadata).text,
        )

    def fingerprint(self, *, erased: bool = False) -> bytes:
        """Equal for equal content. `erased`: without what an erasure takes, which cannot be compared any more."""
        occurred_at = self.occurred_at and self.occurred_at.astimezone(UTC).isoformat()
        kept = (
            str(self.type), self.component, _number(self.amount), self.allow_negative, self.source, occurred_at,
            self.corrects_version, self.correction_id and str(self.correction_id),
        )  # fmt: skip
        personal = None if erased else (self.actor, self.description, _metadata(self.metadata_text or "{}"))
        return blake2b(repr((kept, personal)).encode(), digest_size=FINGERPRINT_BYTES).digest()


def _metadata(text: str) -> str:
    """One text for all that are equal as `jsonb`."""
    return text if text == "{}" else json.dumps(Metadata(text).parsed(), sort_keys=True, default=_as_no_text)


def _as_no_text(number: Any) -> dict[str, str]:
    """A number as what no metadata can hold, so that 1 is not "1"."""
    return {"\0": _number(number)}


def _number(number: Decimal) -> str:
    return str(number.normalize(_EXACT) if number else 0)
