"""Query parameters, read as strictly as the platform does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from farehistory_client._kinds import COMPONENT
from farehistory_client.testing._fields import HIGHEST_VERSION, SOURCE, bound_of
from farehistory_client.testing._problems import Broken, Refusal
from farehistory_client.testing._strict_json import token

Reader = Callable[[str], Any]

_DIGITS: Final = re.compile(r"0|[1-9][0-9]{0,17}")
_RUN: Final = re.compile(r"(0|[1-9][0-9]{0,2})(?:-(0|[1-9][0-9]{0,2}))?")
_MOST_VALUES: Final = 20


def read(given: Sequence[tuple[str, str]], readers: Mapping[str, Reader]) -> dict[str, Any]:
    """The values of the parameters. Raises Refusal, naming each one that is wrong."""
    values: dict[str, Any] = {}
    errors: list[Broken] = []
    for name in dict.fromkeys(name for name, _ in given):
        texts = [text for each, text in given if each == name]
        place = f"/{token(name)}"
        if name not in readers:
            errors.append(Broken(place, "unknown_parameter", f"{name!a} is no parameter of this call"))
        elif len(texts) > 1:
            errors.append(Broken(place, "repeated_parameter", f"{name} is given more than once"))
        else:
            try:
                values[name] = readers[name](texts[0])
            except ValueError as error:
                errors.append(Broken(place, "invalid_value", f"{name} {error}"))
    if errors:
        raise Refusal.of("invalid_parameter", errors)
    return values


def whole_number(lowest: int, highest: int) -> Reader:
    def read(text: str) -> int:
        if not _DIGITS.fullmatch(text) or not lowest <= int(text) <= highest:
            raise ValueError(f"must be a whole number from {lowest} to {highest}")
        return int(text)

    return read


def one_of(*choices: str) -> Reader:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be {' or '.join(choices)}")
        return text

    return read


def _list_of(each: Reader) -> Reader:
    def read(text: str) -> list[Any]:
        parts = text.split(",")
        if len(parts) > _MOST_VALUES:
            raise ValueError(f"must be at most {_MOST_VALUES} values")
        return list(dict.fromkeys(each(part) for part in parts))

    return read


def _matching(pattern: re.Pattern[str], words: str) -> Reader:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"must be {words}")
        return text

    return read


def _version_or_instant(text: str) -> int | datetime:
    if _DIGITS.fullmatch(text):
        return int(whole_number(0, HIGHEST_VERSION)(text))
    return bound_of(text)


def _partitions(of: int) -> Reader:
    def read(text: str) -> list[int]:
        asked: set[int] = set()
        for part in text.split(","):
            run = _RUN.fullmatch(part)
            first, last = (int(run[1]), int(run[2] or run[1])) if run else (1, 0)
            if not first <= last < of:
                raise ValueError(f"must be partitions such as 0-3,8, from 0 to {of - 1}")
            asked.update(range(first, last + 1))
        return sorted(asked)

    return read


def _form(text: str) -> str:
    form: str = one_of("json", "html", "pdf")(text)
    if form != "json":
        raise ValueError("must be json here: a FakeServer makes no HTML and no PDF")
    return form


def _receipt_number(booking_id: str) -> Reader:
    """Answers the sequence."""
    pattern = re.compile(re.escape(booking_id) + "-R([1-9][0-9]{0,8})")

    def read(text: str) -> int:
        match = pattern.fullmatch(text)
        if match is None:
            raise ValueError("must be a receipt number of this booking: its id and -R1, -R2 …")
        return int(match[1])

    return read


OF_APPEND: Final[Mapping[str, Reader]] = {"dry_run": one_of("true", "false")}
OF_HISTORY: Final[Mapping[str, Reader]] = {
    "after_version": whole_number(0, HIGHEST_VERSION),
    "limit": whole_number(1, 500),
}
OF_NOW: Final[Mapping[str, Reader]] = {
    "consistency": one_of("eventual", "strong"),
    "min_version": whole_number(0, HIGHEST_VERSION),
}
OF_THEN: Final[Mapping[str, Reader]] = {
    "version": whole_number(1, HIGHEST_VERSION),
    "recorded_before": bound_of,
    "occurred_before": bound_of,
}
OF_DIFF: Final[Mapping[str, Reader]] = {
    "from": _version_or_instant,
    "to": _version_or_instant,
    "limit": whole_number(1, 500),
}


def of_receipt(booking_id: str) -> Mapping[str, Reader]:
    return {"format": _form, "number": _receipt_number(booking_id)}


def of_feed(partitions: int) -> Mapping[str, Reader]:
    return {
        "after": str,
        "from": bound_of,
        "partitions": _partitions(partitions),
        "limit": whole_number(1, 1000),
        "wait": whole_number(0, 30),
        "component": _list_of(_matching(COMPONENT, "slugs of components such as toll,waiting_fee")),
        "source": _list_of(_matching(SOURCE, "sources such as pricing,tolls")),
        "type": _list_of(one_of("SET", "ADD", "SUB")),
    }
