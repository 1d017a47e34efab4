"""JSON as the ledger takes it: nothing is guessed, nothing is lost.

Python's parser keeps the last of two equal keys, accepts NaN and lone surrogates, and turns numbers into
floats. Here each of these is refused or exact: a number becomes a Decimal that prints as it was written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from events.errors import FieldError, InvalidEvent, MalformedBody

MAX_NUMBER_LENGTH: Final = 128
"""Characters of a number; a longer one is refused before it is read."""


def parse(data: bytes) -> Any:
    """The value that a UTF-8 JSON text stands for; numbers are Decimals.

    Raises MalformedBody if it is not one JSON text. Raises InvalidEvent, with a pointer to each place, for what
    the grammar allows and the ledger does not: see `flaws`.
    """
    found: list[_Flaw] = []
    try:
        text = data.decode("utf-8")
        value = _decoder(found).decode(text)
    except RecursionError:
        raise MalformedBody("the JSON text is nested too deeply") from None
    except UnicodeDecodeError as error:
        raise MalformedBody(f"the body is not UTF-8: {error.reason} at byte {error.start}") from None
    except ValueError as error:
        raise MalformedBody(f"the body is not JSON: {error}") from None
    # NUL and surrogates can only have come in by an escape: most texts need no walk.
    if found or "\\u" in text:
        errors = list(flaws(value))
        if errors:
            raise InvalidEvent.of(errors)
    return value


def flaws(value: Any, pointer: str = "", max_levels: int | None = None) -> Iterator[FieldError]:
    """The places of a value that the ledger refuses, by JSON pointer below `pointer`.

    Codes: `duplicate_key`, `number_out_of_range` (beyond a double, longer than 128 characters, NaN, Infinity),
    `nul`, `lone_surrogate`, `too_deep` (the outermost object or array is level 1), `not_json` (a float, a set …).
    """
    pending: list[tuple[str, Any, int]] = [(pointer, value, 1)]
    while pending:
        place, item, level = pending.pop()
        if isinstance(item, (dict, list, tuple)):
            if max_levels is not None and level > max_levels:
                yield FieldError(place, "too_deep", f"{place} is nested deeper than {max_levels} levels")
                continue
            pairs = item.items() if isinstance(item, dict) else enumerate(item)
            for key, child in pairs:
                if isinstance(item, dict):
                    yield from _flaw_of(place, key if isinstance(key, str) else _NotJson(key))
                pending.append((f"{place}/{_escaped(key)}", child, level + 1))
        else:
            yield from _flaw_of(place, item)


def dump(value: Any) -> str:
    """The shortest JSON text of a value without flaws: no spaces, keys in their order, Decimals as they print."""
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class _Flaw:
    """Stands in a parsed value where something was refused, until `flaws` tells its place."""

    code: str
    detail: str


def _NotJson(value: object) -> _Flaw:
    return _Flaw("not_json", f"a {type(value).__name__} is no JSON value; use a string or a Decimal")


def _flaw_of(place: str, item: Any) -> Iterator[FieldError]:
    flaw: _Flaw | None = None
    match item:
        case str():
            flaw = _flaw_of_string(item)
        case Decimal():
            flaw = _flaw_of_number(item, str(item))
        case None | bool() | int():
            pass
        case _Flaw():
            flaw = item
        case _:
            flaw = _NotJson(item)
    if flaw is not None:
        yield FieldError(place, flaw.code, flaw.detail)


def _flaw_of_string(text: str) -> _Flaw | None:
    if "\0" in text:
        return _Flaw("nul", "a string contains the character NUL")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return _Flaw("lone_surrogate", "a string contains half of a surrogate pair")
    return None


def _flaw_of_number(number: Decimal, text: str) -> _Flaw | None:
    if len(text) > MAX_NUMBER_LENGTH:
        return _Flaw("number_out_of_range", f"a number has more than {MAX_NUMBER_LENGTH} characters")
    as_double = float(number)
    if as_double - as_double != 0 or (as_double == 0 and number != 0):
        return _Flaw("number_out_of_range", f"the number {text} is beyond the range of a double")
    return None


def _decoder(found: list[_Flaw]) -> json.JSONDecoder:
    def noted(flaw: _Flaw) -> _Flaw:
        found.append(flaw)
        return flaw

    def number(text: str) -> Decimal | _Flaw:
        try:
            value = Decimal(text)
        except InvalidOperation:  # its exponent alone is beyond what a Decimal can hold
            return noted(
                _Flaw("number_out_of_range", f"the number {text[:40]} is beyond the range of a double")
            )
        flaw = _flaw_of_number(value, text)
        return value if flaw is None else noted(flaw)

    def constant(name: str) -> _Flaw:
        return noted(_Flaw("number_out_of_range", f"{name} is no JSON number"))

    def object_(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Flaw:
        result = dict(pairs)
        if len(result) == len(pairs):
            return result
        keys = [key for key, _ in pairs]
        twice = next(key for key in result if keys.count(key) > 1)
        return noted(_Flaw("duplicate_key", f"the key {twice!a} stands twice in one object"))

    return json.JSONDecoder(
        object_pairs_hook=object_, parse_float=number, parse_int=number, parse_constant=constant
    )


def _escaped(key: object) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")


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
