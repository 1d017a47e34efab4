"""JSON as the ledger takes it: nothing is guessed, nothing is lost.

Python's parser keeps the last of two equal keys, accepts NaN and lone surrogates, and turns numbers into
floats. Here each of these is refused or exact: a number becomes a Decimal, with every digit that was written.
"""

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

from events.errors import FieldError, InvalidEvent, MalformedBody
from events.field_codes import FieldCode

MAX_NUMBER_LENGTH: Final = 128
"""Characters of a number; a longer one is refused before it is read."""

DOUBLE_EXPONENTS: Final = 400
"""Powers of ten, either way, that hold every double; PostgreSQL's numbers reach much further."""

MAX_FLAWS: Final = 50
"""Places that are named; a body may be wrong in more."""

DEEPEST: Final = 100
"""Levels of objects and arrays that are read where Python's parser gives up: far more than anything here may have."""

MAX_TOKEN: Final = 100
"""Characters of one key that a pointer or a message repeats."""


def parse(data: bytes) -> Any:
    """The value that a UTF-8 JSON text stands for; numbers are Decimals.

    Raises MalformedBody if it is not one JSON text. Raises InvalidEvent, with a pointer to each place, for what
    the grammar allows and the ledger does not: see `flaws`.
    """
    value, may_have_flaws = parse_leniently(data)
    if may_have_flaws:
        errors = flaws(value)
        if errors:
            raise InvalidEvent.of(errors)
    return value


def parse_leniently(data: bytes) -> tuple[Any, bool]:
    """The same for who looks for flaws part by part, and whether there may be any: `flaws` finds them.

    Raises MalformedBody only.
    """
    found: list[_Flaw] = []
    try:
        text = data.decode("utf-8")
        value = _value(text, found)
    except UnicodeDecodeError as error:
        raise MalformedBody(f"the body is not UTF-8: {error.reason} at byte {error.start}") from None
    except ValueError as error:
        raise MalformedBody(f"the body is not JSON: {error}") from None
    # NUL and surrogates can only have come in by an escape: most texts need no walk.
    return value, bool(found) or "\\u" in text


def _value(text: str, found: list[_Flaw]) -> Any:
    try:
        return _decoder(found, _no_number).decode(text)
    except RecursionError:
        try:
            return _decoder(found, lambda _: _TOO_DEEP).decode(_without_depths(text))
        except ValueError:  # it would tell a place in the shortened text
            raise MalformedBody("the JSON text is nested too deeply") from None


_BRACKET_OR_STRING: Final = re.compile(
    r'(?P<opens>[\[{])|(?P<closes>[\]}])|"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL
)


def _without_depths(text: str) -> str:
    """The JSON text with NaN in place of each object and array below the deepest level."""
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


def flaws(value: Any, pointer: str = "", max_levels: int | None = None) -> list[FieldError]:
    """The places of a value that the ledger refuses, by JSON pointer below `pointer`; at most `MAX_FLAWS` of them.

    Codes: `duplicate_key`, `number_out_of_range` (beyond a double, longer than 128 digits, NaN, Infinity),
    `nul`, `lone_surrogate`, `too_deep` (the outermost object or array is level 1), `not_json` (a float, a set …).
    """
    found = _walk(value, _Place(None, pointer), max_levels)
    return [FieldError(str(place), flaw.code, flaw.detail) for place, flaw in islice(found, MAX_FLAWS)]


def has_more_members_than(value: Any, most: int) -> bool:
    """Whether the objects and arrays of a value have more than `most` members in all: told at a fraction of a walk."""
    members, pending = 0, [value]
    while pending:
        item = pending.pop()
        if isinstance(item, (dict, list, tuple)):
            members += len(item)
            if members > most:
                return True
            pending.extend(item.values() if isinstance(item, dict) else item)
    return False


def _walk(value: Any, root: _Place, max_levels: int | None) -> Iterator[tuple[_Place, _Flaw]]:
    pending: list[tuple[_Place, Any]] = [(root, value)]
    while pending:
        place, item = pending.pop()
        if not isinstance(item, (dict, list, tuple)):
            flaw = _flaw_of(item)
            if flaw is not None:
                yield place, flaw
        elif max_levels is not None and place.level > max_levels:
            yield place, _Flaw("too_deep", f"metadata is nested deeper than {max_levels} levels")
        elif isinstance(item, dict):
            for key, child in item.items():
                flaw = _flaw_of(key) if isinstance(key, str) else _not_json(key)
                if flaw is not None:
                    yield place, flaw
                pending.append((_Place(place, key), child))
        else:
            pending.extend((_Place(place, index), child) for index, child in enumerate(item))


class _Place:
    """Where a value stands, as a chain to the root: its pointer is written only if something is wrong there."""

    __slots__ = ("key", "level", "parent")

    def __init__(self, parent: _Place | None, key: object) -> None:
        self.parent = parent
        self.key = key
        self.level: int = 1 if parent is None else parent.level + 1

    def __str__(self) -> str:
        tokens: list[str] = []
        place = self
        while place.parent is not None:
            tokens.append(str(place.key)[:MAX_TOKEN].replace("~", "~0").replace("/", "~1"))
            place = place.parent
        return "/".join([str(place.key), *reversed(tokens)])


def dump(value: Any) -> str:
    """The shortest JSON text of a value without flaws: no spaces, keys in their order, Decimals as they print."""
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class _Flaw:
    """Stands in a parsed value where something was refused, until `flaws` tells its place."""

    code: FieldCode
    detail: str


def _not_json(value: object) -> _Flaw:
    return _Flaw("not_json", f"a {type(value).__name__} is no JSON value; use a string or a Decimal")


def _flaw_of(item: Any) -> _Flaw | None:
    match item:
        case str():
            return _flaw_of_string(item)
        case None | bool():
            return None
        case Decimal():
            return _flaw_of_number(item)
        case int():
            return _flaw_of_number(Decimal(item)) if abs(item) < 10**MAX_NUMBER_LENGTH else _TOO_LONG
        case _Flaw():
            return item
        case _:
            return _not_json(item)


def _flaw_of_string(text: str) -> _Flaw | None:
    if "\0" in text:
        return _Flaw("nul", "a string contains the character NUL")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return _Flaw("lone_surrogate", "a string contains half of a surrogate pair")
    return None


_TOO_LONG = _Flaw("number_out_of_range", f"a number has more than {MAX_NUMBER_LENGTH} characters")
_BEYOND_DOUBLE = _Flaw("number_out_of_range", "a number is beyond the range of a double")
_TOO_DEEP = _Flaw("too_deep", f"objects and arrays are nested deeper than {DEEPEST} levels")


def _no_number(name: str) -> _Flaw:
    return _Flaw("number_out_of_range", f"{name} is no JSON number")


def _flaw_of_number(number: Decimal) -> _Flaw | None:
    if len(number.as_tuple().digits) > MAX_NUMBER_LENGTH:
        return _TOO_LONG
    # A zero can have an exponent that is beyond every range, too: 0e-99999.
    if not number.is_finite() or not -DOUBLE_EXPONENTS <= number.adjusted() <= DOUBLE_EXPONENTS:
        return _BEYOND_DOUBLE
    as_double = float(number)
    return _BEYOND_DOUBLE if isinf(as_double) or (as_double == 0 and number != 0) else None


def _decoder(found: list[_Flaw], constant: Callable[[str], _Flaw]) -> json.JSONDecoder:
    def noted(flaw: _Flaw) -> _Flaw:
        found.append(flaw)
        return flaw

    def number(text: str) -> Decimal | _Flaw:
        if len(text) > MAX_NUMBER_LENGTH:
            return noted(_TOO_LONG)
        try:
            value = Decimal(text)
        except InvalidOperation:  # its exponent alone is beyond what a Decimal can hold
            return noted(_BEYOND_DOUBLE)
        flaw = _flaw_of_number(value)
        return value if flaw is None else noted(flaw)

    def whole_number(text: str) -> Decimal | _Flaw:
        # Without an exponent, its length alone keeps it within a double's range.
        return Decimal(text) if len(text) <= MAX_NUMBER_LENGTH else noted(_TOO_LONG)

    def object_(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Flaw:
        result = dict(pairs)
        if len(result) == len(pairs):
            return result
        counted = Counter(key for key, _ in pairs)
        ((twice, _),) = counted.most_common(1)
        return noted(_Flaw("duplicate_key", f"the key {twice[:MAX_TOKEN]!a} stands twice in one object"))

    return json.JSONDecoder(
        object_pairs_hook=object_,
        parse_float=number,
        parse_int=whole_number,
        parse_constant=lambda name: noted(constant(name)),
    )


_quote = json.encoder.encode_basestring  # keeps letters outside ASCII as they are


def _write(value: Any, put: Callable[[str], None]) -> None:
    match value:
        case str():
            put(_quote(value))
        case None:
            put("null")
        case bool():
            put("true" if value else "false")
        case dict():
            for i, (key, item) in enumerate(value.items()):
                put(f"{',' if i else '{'}{_quote(key)}:")
                _write(item, put)
            put("}" if value else "{}")
        case list() | tuple():
            for i, item in enumerate(value):
                put("," if i else "[")
                _write(item, put)
            put("]" if value else "[]")
        case _:
            put(str(value))
