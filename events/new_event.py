"""An intended change of a fare, checked when it is made: an invalid one cannot exist.

These are the checks that need no database. Those that depend on the booking's history are the append function's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, Final, Literal, Self
from unicodedata import category
from uuid import UUID

from events import strict_json
from events.errors import FieldError, InvalidEvent
from events.event import EventType
from events.metadata import Metadata
from events.money import exponent_of, parse_amount

ANY: Final = "any"
"""Expected version of a change that does not depend on the rest of the fare, such as a toll."""

MAX_VERSION: Final = 2**31 - 1
MAX_DESCRIPTION: Final = 500
MAX_ACTOR: Final = 128
EARLIEST_OCCURRENCE: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_OCCURRENCE: Final = timedelta(days=1)
"""How far ahead of the clock a client may say that something occurred."""

# All are used with fullmatch: `$` would let a trailing newline in.
BOOKING_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
COMPONENT: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
SOURCE: Final = re.compile(r"[a-z][a-z0-9-]{0,47}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)


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
        normalised, errors = _checked({name: getattr(self, name) for name in _CHECKS})
        if errors:
            raise InvalidEvent.of(errors)
        for name, value in normalised.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_json(cls, body: object, *, booking_id: str) -> Self:
        """The event that a parsed JSON body (numbers as Decimals) asks for.

        Raises InvalidEvent for a body that is no object, lacks a field, or has one that is not known; the answer
        names everything that is wrong, not only the first.
        """
        if not isinstance(body, dict):
            raise InvalidEvent.at("", "not_an_object", "the body must be a JSON object")
        given = {name: value for name, value in body.items() if name in _BODY_FIELDS}
        if isinstance(given.get("amount"), Decimal):
            given["amount"] = None  # a Decimal is fine from Python, a JSON number is not
        given["booking_id"] = booking_id
        errors = [
            *(FieldError(_pointer(name), "unknown_field", f"{name[:60]!a} is not a field of an event")
              for name in islice((name for name in body if name not in _BODY_FIELDS), strict_json.MAX_FLAWS)),
            *(FieldError(f"/{name}", "required", f"{name} is required")
              for name in _REQUIRED if name not in body),
        ]  # fmt: skip
        if errors:
            raise InvalidEvent.of([*errors, *_checked(given)[1]])
        return cls(**given)


class _Broken(ValueError):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def _pointer(name: str) -> str:
    return "/" + name[: strict_json.MAX_TOKEN].replace("~", "~0").replace("/", "~1")


def _checked(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """The given fields as they are kept, and what is wrong with those that cannot be."""
    normalised: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, value in given.items():
        try:
            normalised[name] = _CHECKS[name](value)
        except _Broken as broken:
            errors.append(FieldError(f"/{name}", broken.code, f"{name} {broken.detail}"))
        except InvalidEvent as invalid:
            errors.extend(invalid.errors)
    return normalised, errors


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise _Broken("not_a_string", "must be a string")
    return value


def _matching(pattern: re.Pattern[str], code: str, detail: str) -> Callable[[object], str]:
    def normalised(value: object) -> str:
        text = _string(value)
        if not pattern.fullmatch(text):
            raise _Broken(code, detail)
        return text

    return normalised


def _transaction_id(value: object) -> UUID:
    if isinstance(value, UUID):
        return value
    text = _string(value)
    if not _UUID.fullmatch(text):
        raise _Broken("invalid_uuid", "must be a UUID in its usual form with four hyphens")
    return UUID(text)


def _expected_version(value: object) -> int | str:
    if value == ANY and isinstance(value, str):
        return ANY
    if isinstance(value, Decimal) and value.is_finite() and value.as_tuple().exponent == 0:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_VERSION:
        raise _Broken("invalid_version", f'must be a whole number from 0 to {MAX_VERSION}, or "any"')
    return value


def _type(value: object) -> EventType:
    try:
        return EventType(_string(value))
    except _Broken:
        raise
    except ValueError:
        raise _Broken("unknown_type", "must be SET, ADD or SUB") from None


def _amount(value: object) -> Decimal:
    """An amount by rule 6. A Decimal is for Python callers: the API's JSON numbers are refused before."""
    if not isinstance(value, (str, Decimal)):
        raise _Broken("not_a_string", 'must be a string of decimal digits such as "12.50", never a number')
    try:
        return parse_amount(value if isinstance(value, str) else f"{value:f}")
    except ValueError:
        raise _Broken(
            "invalid_amount",
            'must be digits such as "12.50": no sign, at most 16 before the dot and 4 after it',
        ) from None


def _currency(value: object) -> str | None:
    if value is None:
        return None
    try:
        exponent_of(_string(value))
    except _Broken:
        raise
    except ValueError:
        raise _Broken("unknown_currency", "must be an ISO 4217 code such as SGD") from None
    return _string(value)


def _text(longest: int) -> Callable[[object], str | None]:
    def normalised(value: object) -> str | None:
        if value is None:
            return None
        text = _string(value)
        if len(text) > longest:
            raise _Broken("too_long", f"has {len(text)} characters; at most {longest} are kept")
        # Categories: Cc control characters, Cs halves of surrogate pairs.
        if any(category(character) in ("Cc", "Cs") for character in text):
            raise _Broken("control_character", "must not contain control characters or lone surrogates")
        return text

    return normalised


def _occurred_at(value: object) -> datetime | None:
    if value is None:
        return None
    instant = value if isinstance(value, datetime) else _instant(_string(value))
    if instant.tzinfo is None:
        raise _Broken("invalid_time", "must say its offset from UTC")
    try:
        instant = instant.astimezone(UTC)
    except OverflowError:
        raise _Broken("time_out_of_range", "is out of range") from None
    if not EARLIEST_OCCURRENCE <= instant <= datetime.now(UTC) + LATEST_OCCURRENCE:
        raise _Broken("time_out_of_range", "must lie between 1970 and one day from now")
    return instant


def _instant(text: str) -> datetime:
    try:
        if _RFC_3339.fullmatch(text):
            return datetime.fromisoformat(text.upper())
    except ValueError:
        pass  # the right form but no such time: the same answer as for the wrong form
    raise _Broken("invalid_time", "must be an RFC 3339 time such as 2026-05-03T14:05:00.000000Z")


def _metadata(value: object) -> Metadata:
    if isinstance(value, Metadata):
        return value
    return Metadata() if value is None else Metadata.of(value)


def _allow_negative(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Broken("not_a_boolean", "must be true or false")
    return value


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "booking_id": _matching(
        BOOKING_ID,
        "invalid_booking_id",
        "must be 1 to 64 of A-Z a-z 0-9 . _ : - and start with a letter or digit",
    ),
    "transaction_id": _transaction_id,
    "expected_version": _expected_version,
    "type": _type,
    "component": _matching(
        COMPONENT,
        "invalid_component",
        "must be 1 to 48 of a-z 0-9 _ and start with a letter, such as waiting_fee",
    ),
    "amount": _amount,
    "currency": _currency,
    "description": _text(MAX_DESCRIPTION),
    "occurred_at": _occurred_at,
    "actor": _text(MAX_ACTOR),
    "metadata": _metadata,
    "allow_negative": _allow_negative,
}

_REQUIRED = tuple(
    field.name for field in fields(NewEvent) if field.default is MISSING and field.name != "booking_id"
)
_BODY_FIELDS = frozenset(_CHECKS) - {"booking_id"}
