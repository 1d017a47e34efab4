"""Dataclasses as JSON objects and back, without a library: the fields' types say how."""

from __future__ import annotations

import collections.abc
import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID


def dump(value: Any) -> Any:
    """Plain values. Decimals stay; they are JSON numbers, exact."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: dump(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return dump(value.value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {_key(key): dump(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((dump(item) for item in value), key=str)  # in one order, whatever the process
    if isinstance(value, (list, tuple)):
        return [dump(item) for item in value]
    return value


def load(type_: Any, value: Any) -> Any:
    """The value as the type says. Raises TypeError or ValueError for one that is not of it."""
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if type_ is Any or isinstance(type_, typing.TypeVar):
        return value
    if origin is typing.Annotated:
        return load(arguments[0], value)
    if origin is typing.Literal:
        return _demand(value in arguments, type_, value)
    if hasattr(type_, "__supertype__"):  # a NewType
        return load(type_.__supertype__, value)
    if origin in (typing.Union, types.UnionType):
        return _first_that_fits(arguments, type_, value)
    if type_ in (list, tuple, set, frozenset):
        _demand(isinstance(value, list), type_, value)
        return type_(value)
    if origin in (list, set, frozenset) or (origin is tuple and arguments[1:] == (...,)):
        _demand(isinstance(value, list), type_, value)
        return origin(load(arguments[0], item) for item in value)
    if origin in (collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection):
        _demand(isinstance(value, list), type_, value)
        return [load(arguments[0], item) for item in value]
    if origin is tuple:
        _demand(isinstance(value, list) and len(value) == len(arguments), type_, value)
        return tuple(load(each, item) for each, item in zip(arguments, value, strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        _demand(isinstance(value, dict), type_, value)
        return {_load_key(arguments[0], key): load(arguments[1], item) for key, item in value.items()}
    if dataclasses.is_dataclass(type_):
        return _load_dataclass(type_, value)
    return _load_plain(type_, value)


def _load_dataclass(type_: Any, value: Any) -> Any:
    _demand(isinstance(value, dict), type_, value)
    hints = typing.get_type_hints(type_, include_extras=True)
    names = {each.name for each in dataclasses.fields(type_) if each.init}
    return type_(**{name: load(hints[name], item) for name, item in value.items() if name in names})


def _load_plain(type_: Any, value: Any) -> Any:
    if type_ is None or type_ is type(None):
        return _demand(value is None, type_, value)
    if isinstance(type_, type) and issubclass(type_, Enum):
        return type_(value)
    if type_ is Decimal:
        _demand(isinstance(value, (Decimal, int, str)) and not isinstance(value, bool), type_, value)
        return Decimal(value)
    if type_ is float:
        _demand(isinstance(value, (Decimal, int)) and not isinstance(value, bool), type_, value)
        return float(value)
    if type_ in (datetime, date, UUID):
        _demand(isinstance(value, str), type_, value)
        return UUID(value) if type_ is UUID else type_.fromisoformat(value)
    if type_ is int:
        return _demand(isinstance(value, int) and not isinstance(value, bool), type_, value)
    return _demand(isinstance(value, type_), type_, value)


def _key(key: Any) -> str:
    """As keys of JSON objects are: strings."""
    key = dump(key)
    if isinstance(key, bool) or not isinstance(key, (str, int, Decimal)):
        raise TypeError(f"{key!r} can be no key of a JSON object")
    return str(key)


def _load_key(type_: Any, key: str) -> Any:
    if type_ is int:
        return int(key)
    if isinstance(type_, type) and issubclass(type_, Enum):
        return next((each for each in type_ if str(each.value) == key), None) or type_(key)
    return load(type_, key)


def _first_that_fits(types_: tuple[Any, ...], union: Any, value: Any) -> Any:
    for each in types_:
        try:
            return load(each, value)
        except (TypeError, ValueError, ArithmeticError):
            continue
    return _demand(False, union, value)


def _demand(holds: bool, type_: Any, value: Any) -> Any:
    if not holds:
        raise TypeError(f"{value!r} is no {getattr(type_, '__name__', type_)}")
    return value
