"""JSON that loses nothing: numbers with a point or an exponent are Decimals, both ways."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any


def loads(data: bytes | str) -> Any:
    """Raises ValueError."""
    return json.loads(data, parse_float=_number, parse_constant=_no_number)


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text:.50} is beyond what a Decimal can be") from error


def _no_number(text: str) -> Decimal:
    raise ValueError(f"{text} is no JSON number")


def dumps(value: Any) -> bytes:
    """Compact, in UTF-8. Raises TypeError for what is no JSON; ValueError for NaN and infinities, for half of a
    surrogate pair and for what is nested too deeply."""
    try:
        return "".join(_parts(value)).encode()
    except RecursionError:
        raise ValueError("what is nested too deeply cannot be written as JSON") from None


def _parts(value: Any) -> Iterator[str]:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no JSON number")
        yield str(value)
    elif isinstance(value, Mapping):
        yield "{"
        for index, (key, item) in enumerate(value.items()):
            if not isinstance(key, str):
                raise TypeError(f"keys of JSON objects are strings, not {key!r}")
            yield f"{',' if index else ''}{json.dumps(key, ensure_ascii=False)}:"
            yield from _parts(item)
        yield "}"
    elif isinstance(value, (list, tuple)):
        yield "["
        for index, item in enumerate(value):
            if index:
                yield ","
            yield from _parts(item)
        yield "]"
    else:
        yield json.dumps(value, ensure_ascii=False, allow_nan=False)
