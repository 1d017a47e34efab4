"""Dataclasses as JSON objects and back, without a library: the fields' types say how."""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeAlias
from uuid import UUID

from farehistory_client import _json
from farehistory_client._sameness import difference

Load: TypeAlias = Callable[[Any], Any]
"""Makes a value of plain ones. Raises TypeError, ValueError or ArithmeticError."""

Known: TypeAlias = dict[Any, Load]
"""Of the dataclasses that were come by: one may have fields of itself."""

LISTS: Final[Mapping[Any, Callable[..., Any]]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    collections.abc.Sequence: list,
    collections.abc.Iterable: list,
    collections.abc.Collection: list,
}


MAPPINGS: Final = (dict, collections.abc.Mapping, collections.abc.MutableMapping)

ALLOWED: Final = (
    "fields are of Decimal, float, int, bool, str, datetime, date, UUID, None, Any, an Enum, a Literal, a dataclass,"
    " a list, tuple, set, frozenset, Sequence, Collection, Iterable, dict, Mapping or MutableMapping, or"
    " unions of these"
)


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
        return sorted((dump(item) for item in value), key=_json.dumps)  # in one order, whatever the process
    if isinstance(value, (list, tuple)):
        return [dump(item) for item in value]
    return value


def loader(type_: Any, known: Known | None = None) -> Load:
    """How values of a type are made of plain ones. Raises TypeError for a type that they cannot be made of."""
    known = {} if known is None else known
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if type_ is Any or type_ is object:
        return lambda value: value
    if origin is typing.Annotated:
        return loader(arguments[0], known)
    if hasattr(type_, "__supertype__"):  # a NewType
        return loader(type_.__supertype__, known)
    if origin is typing.Literal:
        return _one_of(type_, [(each, loader(type(each), known)) for each in arguments])
    if origin in (typing.Union, types.UnionType):
        return _best_of(type_, [loader(each, known) for each in arguments])
    if dataclasses.is_dataclass(origin or type_):
        return known.get(type_) or _of_dataclass(type_, known)
    if isinstance(type_, type) and issubclass(type_, Enum):
        return _of_enum(type_, known)
    if origin is tuple and arguments[1:] != (...,):
        return _of_tuple(type_, [loader(each, known) for each in arguments])
    if (origin or type_) in LISTS:
        return _of_list(type_, LISTS[origin or type_], loader((*arguments, Any)[0], known))
    if (origin or type_) in MAPPINGS:
        key, item = (*arguments, Any, Any)[:2]
        return _of_mapping(type_, loader(key, known), loader(item, known))
    return _of_plain(type_)


def _of_dataclass(type_: Any, known: Known) -> Load:
    made = typing.get_origin(type_) or type_
    loaders: dict[str, Load] = {}

    def load(value: Any) -> Any:
        _demand(isinstance(value, dict), made, value)
        return made(**{name: loaders[name](item) for name, item in value.items() if name in loaders})

    known[type_] = load
    bound = dict(zip(getattr(made, "__parameters__", ()), typing.get_args(type_), strict=False))
    for name, hint in _hints(made).items():
        try:
            loaders[name] = loader(_with(hint, bound), known)
        except TypeError as error:
            raise TypeError(f"{made.__name__}.{name}: {error}") from None
    return load


def _hints(type_: Any) -> dict[str, Any]:
    """Types of the fields that it is made with."""
    fields = [each.name for each in dataclasses.fields(type_) if each.init]
    for each in inspect.signature(type_).parameters.values():
        if each.name not in fields and each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD:
            raise TypeError(f"{type_.__name__} is made of {each.name}, which is no field of it and not kept")
    try:
        hints = typing.get_type_hints(type_, include_extras=True)
    except NameError:
        try:  # it may speak of itself within a function
            hints = typing.get_type_hints(type_, localns={type_.__name__: type_}, include_extras=True)
        except NameError as error:
            raise TypeError(
                f"{type_.__name__} speaks of {error.name!r}, which {type_.__module__} does not have:"
                " types of fields are looked up in the module, so define it there"
            ) from None
    return {name: hints[name] for name in fields}


def _with(hint: Any, bound: Mapping[Any, Any]) -> Any:
    """A type within a generic one, of what the generic one is of."""
    if isinstance(hint, typing.TypeVar):
        return bound.get(hint, hint)
    parameters = getattr(hint, "__parameters__", ())
    if not parameters or isinstance(hint, type):
        return hint
    return hint[tuple(bound.get(each, each) for each in parameters)]


def _of_enum(type_: type[Enum], known: Known) -> Load:
    """Its members' values say what they are made of: a float is a Decimal in JSON."""
    kinds = [loader(kind, known) for kind in dict.fromkeys(type(each.value) for each in type_)]

    def load(value: Any) -> Any:
        for made in _made(kinds, value):
            try:
                return type_(made)
            except ValueError:
                continue
        return _demand(False, type_, value)

    return load


def _one_of(type_: Any, choices: Sequence[tuple[Any, Load]]) -> Load:
    def load(value: Any) -> Any:
        for choice, each in choices:
            if any(difference(choice, made) is None for made in _made([each], value)):
                return choice
        return _demand(False, type_, value)

    return load


def _best_of(type_: Any, loaders: Sequence[Load]) -> Load:
    """What would be written just so; else what knows most fields; of several the first."""

    def strangeness(value: Any, made: Any) -> tuple[bool, int]:
        again = _json.loads(_json.dumps(dump(made)))
        is_other = difference(again, value) is not None or (type(made), type(value)) == (Decimal, int)
        lost = value.keys() - again.keys() if isinstance(value, dict) and isinstance(again, dict) else ()
        return is_other, len(lost)

    def load(value: Any) -> Any:
        fitting = _made(loaders, value)
        _demand(bool(fitting), type_, value)
        return min(fitting, key=lambda made: strangeness(value, made)) if fitting[1:] else fitting[0]

    return load


def _made(loaders: Sequence[Load], value: Any) -> list[Any]:
    """By those that can."""
    made = []
    for each in loaders:
        try:
            made.append(each(value))
        except (TypeError, ValueError, ArithmeticError):
            continue
    return made


def _of_list(type_: Any, made: Callable[..., Any], item: Load) -> Load:
    def load(value: Any) -> Any:
        _demand(isinstance(value, list), type_, value)
        return made(item(each) for each in value)

    return load


def _of_tuple(type_: Any, items: Sequence[Load]) -> Load:
    def load(value: Any) -> Any:
        _demand(isinstance(value, list) and len(value) == len(items), type_, value)
        return tuple(item(each) for item, each in zip(items, value, strict=True))

    return load


def _of_mapping(type_: Any, key: Load, item: Load) -> Load:
    """Keys of JSON objects are strings, whatever they were."""

    def key_of(text: str) -> Any:
        try:
            return key(text)
        except (TypeError, ValueError, ArithmeticError):
            return key(_json.loads(text))

    def load(value: Any) -> Any:
        _demand(isinstance(value, dict), type_, value)
        return {key_of(name): item(each) for name, each in value.items()}

    return load


def _of_plain(type_: Any) -> Load:
    if type_ not in (None, type(None), Decimal, float, int, bool, str, datetime, date, UUID):
        raise TypeError(
            f"{getattr(type_, '__name__', type_)} is no type that metadata can be made into: {ALLOWED}"
        )
    is_kind, make = {
        Decimal: ((Decimal, int, str), Decimal),
        float: ((Decimal, int), float),
        datetime: (str, datetime.fromisoformat),
        date: (str, date.fromisoformat),
        UUID: (str, UUID),
        None: (type(None), _itself),
    }.get(type_, (type_, _itself))

    def load(value: Any) -> Any:
        _demand(isinstance(value, is_kind) and (type_ is bool or not isinstance(value, bool)), type_, value)
        return make(value)

    return load


def _itself(value: Any) -> Any:
    return value


def _key(key: Any) -> str:
    """As keys of JSON objects are: strings."""
    key = dump(key)
    if isinstance(key, bool) or not isinstance(key, (str, int, Decimal)):
        raise TypeError(f"{key!r} can be no key of a JSON object")
    return str(key)


def _demand(holds: bool, type_: Any, value: Any) -> Any:
    if not holds:
        raise TypeError(f"{value!r} is no {getattr(type_, '__name__', type_)}")
    return value
