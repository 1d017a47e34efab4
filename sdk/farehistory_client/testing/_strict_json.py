"""JSON as the platform takes it: what Python's parser would guess or lose is refused, with its place."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import islice
from math import isinf
from typing import Any, Final

from farehistory_client.testing._problems import MOST_ERRORS, Broken, Refusal

LONGEST_NUMBER: Final = 128

DEEPEST: Final = 100
"""Levels of objects and arrays that are read where Python's parser gives up."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Stands in a parsed value where something is refused."""

    code: str
    detail: str


_TOO_LONG: Final = Flaw("number_out_of_range", f"a number has more than {LONGEST_NUMBER} characters")
_BEYOND: Final = Flaw("number_out_of_range", "a number is beyond the range of a double")
_TOO_DEEP: Final = Flaw("too_deep", f"objects and arrays are nested deeper than {DEEPEST} levels")


def parse(data: bytes) -> Any:
    """The value, numbers as Decimals, with a Flaw where something is wrong. Raises Refusal for what is no JSON."""
    try:
        text = data.decode()
        try:
            return _decoded(text, lambda name: Flaw("number_out_of_range", f"{name} is no JSON number"))
        except RecursionError:
            try:
                return _decoded(_without_depths(text), lambda _: _TOO_DEEP)
            except ValueError:  # it would tell a place in the shortened text
                raise Refusal("malformed_body", "the JSON text is nested too deeply") from None
    except ValueError as error:
        raise Refusal("malformed_body", f"the body is not JSON: {error}") from None


def _decoded(text: str, constant: Callable[[str], Flaw]) -> Any:
    return json.loads(
        text, object_pairs_hook=_object, parse_int=_number, parse_float=_number, parse_constant=constant
    )


_BRACKET_OR_STRING: Final = re.compile(
    r'(?P<opens>[\[{])|(?P<closes>[\]}])|"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL
)


def _without_depths(text: str) -> str:
    """The JSON text with NaN in place of each object and array that Python's parser would not get down to."""
    level, kept, kept_until = 0, [], 0
    for each in _BRACKET_OR_STRING.finditer(text):
        if each["opens"]:
            level += 1
            if level == DEEPEST + 1:
                kept += [text[kept_until : each.start()], "NaN"]
                kept_until = len(text)
        elif each["closes"]:
            if level == DEEPEST + 1:
                kept_until = each.end()
            level -= 1
    return "".join([*kept, text[kept_until:]])


def flaws(value: Any, pointer: str = "", most_levels: int | None = None) -> list[Broken]:
    """What is wrong within a value, by JSON pointer: the last members first, as the platform tells it."""
    return list(islice(_walk(value, pointer, most_levels), MOST_ERRORS))


def _walk(value: Any, pointer: str, most: int | None) -> Iterator[Broken]:
    pending = [(value, pointer, 1)]
    while pending:
        value, pointer, level = pending.pop()
        if isinstance(value, Flaw):
            yield Broken(pointer, value.code, value.detail)
        elif isinstance(value, str):
            yield from _of_text(value, pointer)
        elif isinstance(value, (dict, list)):
            if most is not None and level > most:
                yield Broken(pointer, "too_deep", f"metadata is nested deeper than {most} levels")
                continue
            for key, item in value.items() if isinstance(value, dict) else enumerate(value):
                if isinstance(key, str):
                    yield from _of_text(key, pointer)
                pending.append((item, f"{pointer}/{token(str(key))}", level + 1))


def _of_text(text: str, pointer: str) -> Iterator[Broken]:
    if "\0" in text:
        yield Broken(pointer, "nul", "a string contains the character NUL")
    elif any("\ud800" <= character <= "\udfff" for character in text):
        yield Broken(pointer, "lone_surrogate", "a string contains half of a surrogate pair")


def token(name: str) -> str:
    """A part of a JSON pointer (RFC 6901)."""
    return name[:100].replace("~", "~0").replace("/", "~1")


def _number(text: str) -> Decimal | Flaw:
    if len(text) > LONGEST_NUMBER:
        return _TOO_LONG
    try:
        number = Decimal(text)
    except InvalidOperation:
        return _BEYOND
    if not -400 <= number.adjusted() <= 400:
        return _BEYOND
    as_double = float(number)
    return _BEYOND if isinf(as_double) or (as_double == 0 and number != 0) else number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Flaw:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    ((twice, _),) = Counter(key for key, _ in pairs).most_common(1)
    return Flaw("duplicate_key", f"the key {twice[:100]!a} stands twice in one object")
