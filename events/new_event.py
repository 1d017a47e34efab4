"""An intended change of a fare, checked when it is made: an invalid one cannot exist.

These are the checks that need no database. Those that depend on the booking's history are the append function's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, Self
from uuid import UUID

from events import field_checks as check
from events.errors import InvalidEvent
from events.event import EventType
from events.field_checks import BOOKING_ID, COMPONENT, MAX_VERSION, Broken, Check, checked, names_refused
from events.instants import parse_instant
from events.metadata import Metadata
from events.money import exponent_of

__all__ = ["ANY", "BOOKING_ID", "COMPONENT", "MAX_VERSION", "SOURCE", "NewEvent"]

ANY: Final = "any"
"""Expected version of a change that does not depend on the rest of the fare, such as a toll."""

MAX_DESCRIPTION: Final = 500
MAX_ACTOR: Final = 128
EARLIEST_OCCURRENCE: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_OCCURRENCE: Final = timedelta(days=1)
"""How far ahead of the clock a client may say that something occurred."""

# Used with fullmatch: `$` would let a trailing newline in.
SOURCE: Final = re.compile(r"[a-z][a-z0-9-]{0,47}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """One intended change. Fields take the forms of the API or their Python equals, and hold the latter.

    Raises InvalidEvent naming every field that breaks a rule; a float for an amount is one such.
    """

    booking_id: str
    transaction_id: UUID | str
    expected_version: int | Literal["any"]
    type: EventType | str
    component: str
    amount: Decimal | str
    currency: str | None = None
    description: str | None = None
    occurred_at: datetime | str | None = None
    actor: str | None = None
    metadata: Metadata | Mapping[str, Any] | None = None
    allow_negative: bool = False

    def __post_init__(self) -> None:
        normalised, errors = checked({name: getattr(self, name) for name in _CHECKS}, _CHECKS)
        if errors:
            raise InvalidEvent.of(errors)
        for name, value in normalised.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_json(cls, body: object, *, booking_id: str | None = None) -> Self:
        """The event that a parsed JSON body (numbers as Decimals) asks for.

        `booking_id`: None if the body itself names it, as an item of a batch does. Raises InvalidEvent for a body
        that is no object, lacks a field, or has one that is not known; the answer names everything that is wrong, not
        only the first.
        """
        if not isinstance(body, dict):
            raise InvalidEvent.at("", "not_an_object", "the body must be a JSON object")
        known, required = (_BODY_FIELDS, _REQUIRED) if booking_id is not None else (_CHECKS, _ITEM_REQUIRED)
        given = {name: value for name, value in body.items() if name in known}
        if isinstance(given.get("amount"), Decimal):
            given["amount"] = None  # a Decimal is fine from Python, a JSON number is not
        if booking_id is not None:
            given["booking_id"] = booking_id
        errors = names_refused(body, known, required, "an event")
        if errors:
            raise InvalidEvent.of([*errors, *checked(given, _CHECKS)[1]])
        return cls(**given)


def _expected_version(value: object) -> int | str:
    if value == ANY and isinstance(value, str):
        return ANY
    if isinstance(value, Decimal) and value.is_finite() and value.as_tuple().exponent == 0:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_VERSION:
        raise Broken("invalid_version", f'must be a whole number from 0 to {MAX_VERSION}, or "any"')
    return value


def _currency(value: object) -> str | None:
    if value is None:
        return None
    try:
        exponent_of(check.string(value))
    except Broken:
        raise
    except ValueError:
        raise Broken("unknown_currency", "must be an ISO 4217 code such as SGD") from None
    return check.string(value)


def _occurred_at(value: object) -> datetime | None:
    if value is None:
        return None
    instant = value if isinstance(value, datetime) else _instant(check.string(value))
    if instant.tzinfo is None:
        raise Broken("invalid_time", "must say its offset from UTC")
    try:
        instant = instant.astimezone(UTC)
    except OverflowError:
        raise Broken("time_out_of_range", "is out of range") from None
    if not EARLIEST_OCCURRENCE <= instant <= datetime.now(UTC) + LATEST_OCCURRENCE:
        raise Broken("time_out_of_range", "must lie between 1970 and one day from now")
    return instant


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError:
        raise Broken("invalid_time", "must be an RFC 3339 time such as 2026-05-03T14:05:00.000000Z") from None


def _metadata(value: object) -> Metadata:
    if isinstance(value, Metadata):
        return value
    return Metadata() if value is None else Metadata.of(value)


_CHECKS: dict[str, Check] = {
    "booking_id": check.booking_id,
    "transaction_id": check.uuid,
    "expected_version": _expected_version,
    "type": check.event_type,
    "component": check.component,
    "amount": check.amount,
    "currency": _currency,
    "description": check.text(MAX_DESCRIPTION),
    "occurred_at": _occurred_at,
    "actor": check.text(MAX_ACTOR),
    "metadata": _metadata,
    "allow_negative": check.boolean,
}

_ITEM_REQUIRED = tuple(field.name for field in fields(NewEvent) if field.default is MISSING)
_REQUIRED = tuple(name for name in _ITEM_REQUIRED if name != "booking_id")
_BODY_FIELDS = frozenset(_CHECKS) - {"booking_id"}
