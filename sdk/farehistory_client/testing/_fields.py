"""What the platform takes for an event: the rules of its fields, with their pointers and codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from farehistory_client import _json
from farehistory_client._kinds import COMPONENT
from farehistory_client.testing._currencies import EXPONENTS
from farehistory_client.testing._problems import MOST_ERRORS, Broken, Refusal
from farehistory_client.testing._strict_json import flaws, token

HIGHEST_VERSION: Final = 2**31 - 1
MOST_METADATA: Final = 32 * 1024
MOST_LEVELS: Final = 16

# All are used with fullmatch: `$` would let a trailing newline in.
BOOKING_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
SOURCE: Final = re.compile(r"[a-z][a-z0-9-]{0,47}")
AMOUNT: Final = re.compile(r"(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,4})?")
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
TRANSACTION_ID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
FINER: Final = re.compile(r"\.[0-9]{6}0*[1-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An event that is asked for; what it comes to is the ledger's."""

    booking_id: str
    transaction_id: UUID
    expected_version: int | None
    """None: any."""
    type: str
    component: str
    amount: Decimal
    currency: str | None = None
    description: str | None = None
    occurred_at: datetime | None = None
    actor: str | None = None
    metadata: Mapping[str, Any]
    allow_negative: bool = False


class Wrong(ValueError):
    """A rule that one value breaks."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def wanted_of(body: object, booking_id: str | None = None) -> Wanted:
    """The event that a body asks for; `booking_id`: None if the body itself names it. Raises Refusal."""
    if not isinstance(body, dict):
        raise Refusal.of("invalid_event", [Broken("", "not_an_object", "the body must be a JSON object")])
    known = _CHECKS.keys() - ({"booking_id"} if booking_id is not None else set())
    errors = names_refused(body, known, [name for name in _REQUIRED if name in known], "an event")
    given = {name: value for name, value in body.items() if name in known}
    if booking_id is not None:
        given["booking_id"] = booking_id
    if not errors:  # as the platform: what a whole body has wrong is told in the order of the fields
        given = {name: given[name] for name in _CHECKS if name in given}
    values = checked(given, _CHECKS, errors)
    if errors:
        raise Refusal.of("invalid_event", errors)
    return Wanted(**{"metadata": {}, **values})


def checked(
    given: Mapping[str, Any], checks: Mapping[str, Callable[[Any], Any]], errors: list[Broken]
) -> dict[str, Any]:
    """The values as they are kept; what is wrong with the others is added to the errors."""
    values: dict[str, Any] = {}
    for name, value in given.items():
        try:
            values[name] = checks[name](value)
        except Wrong as wrong:
            errors.append(Broken(f"/{name}", wrong.code, f"{name} {wrong}"))
        except Refusal as refusal:
            errors.extend(refusal.errors)
    return values


def names_refused(
    body: Mapping[str, Any], known: Collection[str], required: Collection[str], what: str
) -> list[Broken]:
    """The fields that a body has and should not, and those that it lacks."""
    unknown = [name for name in body if name not in known][:MOST_ERRORS]
    return [
        *(Broken(f"/{token(name)}", "unknown_field", f"{name[:60]!a} is not a field of {what}") for name in unknown),
        *(Broken(f"/{name}", "required", f"{name} is required") for name in required if name not in body),
    ]  # fmt: skip


def instant_of(text: str) -> datetime:
    """A time of RFC 3339, in UTC. Raises ValueError."""
    if not TIME.fullmatch(text):
        raise ValueError("must be an RFC 3339 time such as 2026-05-03T14:05:00.000000Z")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


def bound_of(text: str) -> datetime:
    """A time that events are compared with: what is finer than a microsecond is rounded up. Raises ValueError."""
    try:
        return instant_of(text) + timedelta(microseconds=1 if FINER.search(text) else 0)
    except OverflowError:
        raise ValueError("is out of range") from None


def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong("not_a_boolean", "must be true or false")
    return value


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong("not_a_string", "must be a string")
    return value


def _matching(pattern: re.Pattern[str], code: str, detail: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not pattern.fullmatch(text := _string(value)):
            raise Wrong(code, detail)
        return text

    return check


def _text(longest: int) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        if value is None:
            return None
        if len(text := _string(value)) > longest:
            raise Wrong("too_long", f"has {len(text)} characters; at most {longest} are kept")
        if CONTROL.search(text):
            raise Wrong("control_character", "must not contain control characters or lone surrogates")
        return text

    return check


def _transaction_id(value: object) -> UUID:
    if not TRANSACTION_ID.fullmatch(text := _string(value)):
        raise Wrong("invalid_uuid", "must be a UUID in its usual form with four hyphens")
    return UUID(text)


def _expected_version(value: object) -> int | None:
    if value == "any":
        return None
    whole = isinstance(value, Decimal) and value.as_tuple().exponent == 0
    if not (isinstance(value, Decimal) and whole and 0 <= value <= HIGHEST_VERSION):
        raise Wrong("invalid_version", f'must be a whole number from 0 to {HIGHEST_VERSION}, or "any"')
    return int(value)


def _amount(value: object) -> Decimal:
    if not isinstance(value, str):
        raise Wrong("not_a_string", 'must be a string of decimal digits such as "12.50", never a number')
    if not AMOUNT.fullmatch(value):
        raise Wrong(
            "invalid_amount",
            'must be digits such as "12.50": no sign, at most 16 before the dot and 4 after it',
        )
    return Decimal(value)


def _type(value: object) -> str:
    if _string(value) not in ("SET", "ADD", "SUB"):
        raise Wrong("unknown_type", "must be SET, ADD or SUB")
    return _string(value)


def _currency(value: object) -> str | None:
    if value is not None and _string(value) not in EXPONENTS:
        raise Wrong("unknown_currency", "must be an ISO 4217 code such as SGD")
    return None if value is None else _string(value)


def _occurred_at(value: object) -> datetime | None:
    if value is None:
        return None
    text = _string(value)
    try:
        instant = instant_of(text)
    except ValueError as error:
        code = "time_out_of_range" if str(error) == "is out of range" else "invalid_time"
        raise Wrong(code, str(error)) from None
    if not datetime(1970, 1, 1, tzinfo=UTC) <= instant <= datetime.now(UTC) + timedelta(days=1):
        raise Wrong("time_out_of_range", "must lie between 1970 and one day from now")
    return instant


def _metadata(value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Wrong("not_an_object", "must be a JSON object")
    errors = flaws(value, "/metadata", MOST_LEVELS)
    if errors:
        raise Refusal.of("invalid_event", errors)
    size = len(_json.dumps(value))
    if size > MOST_METADATA:
        raise Wrong("too_large", f"has {size} bytes as stored; at most {MOST_METADATA} are kept")
    return value


_CHECKS: Final[dict[str, Callable[[Any], Any]]] = {
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
    "description": _text(500),
    "occurred_at": _occurred_at,
    "actor": _text(128),
    "metadata": _metadata,
    "allow_negative": boolean,
}

_REQUIRED: Final = ("booking_id", "transaction_id", "expected_version", "type", "component", "amount")
