"""Query parameters, read strictly: an unknown, repeated or badly written one is refused, never ignored."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from rest_framework.request import Request

from events.errors import FieldError, InvalidParameter
from events.field_codes import FieldCode
from events.instants import parse_bound
from events.new_event import MAX_VERSION

Reader = Callable[[str], Any]
"""Turns a parameter's text into its value, or raises ValueError saying what it must be."""

# As in an address: int() would also take full-width digits, "1_0", " 10" and "010".
_DIGITS = re.compile(r"0|[1-9][0-9]{0,17}")
_LOST_PLUS = re.compile(r" (?=[0-9]{2}:[0-9]{2}\Z)")


def read_parameters(request: Request, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """The values of the query parameters that were given. Raises InvalidParameter naming every bad one."""
    if not request.META.get("QUERY_STRING"):
        return {}
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, texts in request.query_params.lists():
        try:
            values[name] = _read(name, texts, readers)
        except _Refused as refused:
            errors.append(FieldError(f"/{_escaped(name)}", refused.code, str(refused)))
    if errors:
        raise InvalidParameter("; ".join(error.detail for error in errors), errors)
    return values


def whole_number(lowest: int, highest: int) -> Reader:
    """A reader of whole numbers from `lowest` to `highest`."""

    def read(text: str) -> int:
        if not _DIGITS.fullmatch(text) or not lowest <= int(text) <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}")
        return int(text)

    return read


def one_of(*choices: str) -> Reader:
    """A reader of one of these words."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be {' or '.join(choices)}")
        return text

    return read


def list_of(each: Reader, most: int) -> Reader:
    """A reader of different values separated by commas, at most so many."""

    def read(text: str) -> list[Any]:
        parts = text.split(",")
        if len(parts) > most:
            raise ValueError(f"must be at most {most} values")
        return list(dict.fromkeys(each(part) for part in parts))

    return read


def matching(pattern: re.Pattern[str], words: str) -> Reader:
    """A reader of what matches the pattern as a whole; `words` say what that is."""

    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"must be {words}")
        return text

    return read


def instant(text: str) -> datetime:
    """Reads a time with its offset from UTC. A plus sign reads as a space unless it is written %2B: taken as meant."""
    try:
        return parse_bound(_LOST_PLUS.sub("+", text)).astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


def version_or_instant(text: str) -> int | datetime:
    """Reads a version, from 0 on, or else a time."""
    if _DIGITS.fullmatch(text):
        return int(whole_number(0, MAX_VERSION)(text))
    try:
        return instant(text)
    except ValueError:
        raise ValueError(
            "must be a version, or an RFC 3339 time such as 2026-05-03T14:05:00.000000Z"
        ) from None


class _Refused(ValueError):
    def __init__(self, code: FieldCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def _read(name: str, texts: list[str], readers: Mapping[str, Reader]) -> Any:
    if name not in readers:
        raise _Refused("unknown_parameter", f"{name!a} is no parameter of this call")
    if len(texts) > 1:
        raise _Refused("repeated_parameter", f"{name} is given more than once")
    try:
        return readers[name](texts[0])
    except ValueError as error:
        raise _Refused("invalid_value", f"{name} {error}") from None


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
