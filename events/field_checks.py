"""How the fields of a request are checked, whoever made it: a form, a body of JSON, Python.

A check gives a value the form in which it is kept, or raises Broken; `checked` runs them all and names everything
that is wrong, not only the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, Final
from uuid import UUID

from events import strict_json
from events.errors import FieldError, InvalidEvent
from events.event import EventType
from events.field_codes import FieldCode
from events.money import parse_amount

MAX_VERSION: Final = 2**31 - 1

# All are used with fullmatch: `$` would let a trailing newline in.
BOOKING_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
COMPONENT: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, halves of surrogate pairs: Unicode's categories Cc and Cs."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Check = Callable[[Any], Any]


class Broken(ValueError):
    """A rule that a value breaks: which (`code`) and in words that follow the field's name (`detail`)."""

    def __init__(self, code: FieldCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def checked(given: Mapping[str, Any], checks: Mapping[str, Check]) -> tuple[dict[str, Any], list[FieldError]]:
    """The given fields as they are kept, and what is wrong with those that cannot be."""
    normalised: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, value in given.items():
        try:
            normalised[name] = checks[name](value)
        except Broken as broken:
            errors.append(FieldError(f"/{name}", broken.code, f"{name} {broken.detail}"))
        except InvalidEvent as invalid:
            errors.extend(invalid.errors)
    return normalised, errors


def names_refused(
    body: Mapping[str, Any], known: Collection[str], required: Collection[str], what: str
) -> list[FieldError]:
    """The fields that a body has and should not, and those that it lacks; `what` it is of: "an event"."""
    unknown = islice((name for name in body if name not in known), strict_json.MAX_FLAWS)
    return [
        *(FieldError(pointer(name), "unknown_field", f"{name[:60]!a} is not a field of {what}")
          for name in unknown),
        *(FieldError(f"/{name}", "required", f"{name} is required") for name in required if name not in body),
    ]  # fmt: skip


def pointer(name: str) -> str:
    """A field's name as a JSON pointer (RFC 6901), shortened."""
    return "/" + name[: strict_json.MAX_TOKEN].replace("~", "~0").replace("/", "~1")


def string(value: object) -> str:
    """A string, and nothing else."""
    if not isinstance(value, str):
        raise Broken("not_a_string", "must be a string")
    return value


def matching(pattern: re.Pattern[str], code: FieldCode, detail: str) -> Callable[[object], str]:
    """A check for strings that fully match; `code` and `detail` are of those that do not."""

    def normalised(value: object) -> str:
        text = string(value)
        if not pattern.fullmatch(text):
            raise Broken(code, detail)
        return text

    return normalised


def uuid(value: object) -> UUID:
    """A UUID, or its usual form."""
    if isinstance(value, UUID):
        return value
    text = string(value)
    if not _UUID.fullmatch(text):
        raise Broken("invalid_uuid", "must be a UUID in its usual form with four hyphens")
    return UUID(text)


def whole_number(lowest: int, highest: int) -> Check:
    """A check for whole numbers in these bounds, also written by JSON as a Decimal."""

    def normalised(value: object) -> int:
        if isinstance(value, Decimal) and value.is_finite() and value.as_tuple().exponent == 0:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise Broken("invalid_version", f"must be a whole number from {lowest} to {highest}")
        return value

    return normalised


def event_type(value: object) -> EventType:
    """SET, ADD or SUB."""
    try:
        return EventType(string(value))
    except Broken:
        raise
    except ValueError:
        raise Broken("unknown_type", "must be SET, ADD or SUB") from None


def amount(value: object) -> Decimal:
    """An amount by rule 6. A Decimal is for Python callers: the API's JSON numbers are refused before."""
    if not isinstance(value, (str, Decimal)):
        raise Broken("not_a_string", 'must be a string of decimal digits such as "12.50", never a number')
    try:
        return parse_amount(value if isinstance(value, str) else f"{value:f}")
    except ValueError:
        raise Broken(
            "invalid_amount",
            'must be digits such as "12.50": no sign, at most 16 before the dot and 4 after it',
        ) from None


def text(longest: int) -> Callable[[object], str | None]:
    """A check for text of at most so many characters, without control characters; None is absent."""

    def normalised(value: object) -> str | None:
        if value is None:
            return None
        text = string(value)
        if len(text) > longest:
            raise Broken("too_long", f"has {len(text)} characters; at most {longest} are kept")
        if _CONTROL.search(text):
            raise Broken("control_character", "must not contain control characters or lone surrogates")
        return text

    return normalised


def prose(longest: int, *, required: bool) -> Callable[[object], str]:
    """A check for text of one or more lines, at most so many characters."""

    def normalised(value: object) -> str:
        text = string(value).replace("\r\n", "\n").strip()
        if required and not text:
            raise Broken("required", "must say why, in words")
        if len(text) > longest:
            raise Broken("too_long", f"has {len(text)} characters; at most {longest} are kept")
        if _CONTROL.search(text.replace("\n", "").replace("\t", "")):
            raise Broken("control_character", "must not contain control characters or lone surrogates")
        return text

    return normalised


def boolean(value: object) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise Broken("not_a_boolean", "must be true or false")
    return value


booking_id: Final = matching(
    BOOKING_ID,
    "invalid_booking_id",
    "must be 1 to 64 of A-Z a-z 0-9 . _ : - and start with a letter or digit",
)
component: Final = matching(
    COMPONENT,
    "invalid_component",
    "must be 1 to 48 of a-z 0-9 _ and start with a letter, such as waiting_fee",
)
