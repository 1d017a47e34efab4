"""Whether an object came back as it was: equal, and of the same types, in all its parts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def difference(given: Any, back: Any, place: str = "it") -> str | None:
    """The first thing that is another, in words; None for none.

    A whole number may come back as the float or Decimal that it equals: Python takes one for these everywhere.
    """
    if _kind(given) is not _kind(back):
        is_number = type(given) is int and type(back) in (float, Decimal) and given == back
        return None if is_number else _words(given, back, place)
    fields, fields_back = fields_of(given), fields_of(back)
    if fields is not None and fields_back is not None:
        return _first(fields, fields_back, given, back, place)
    if isinstance(given, Mapping):
        named, named_back = (
            {(type(key), _on_the_clock(key)): item for key, item in each.items()} for each in (given, back)
        )
        return _first(named, named_back, given, back, place)
    if isinstance(given, (list, tuple)):
        return _first(dict(enumerate(given)), dict(enumerate(back)), given, back, place)
    if isinstance(given, (set, frozenset)):
        others = {other: other for other in back}
        is_same = len(given) == len(back) and all(
            any(difference(item, other) is None for other in ([others[item]] if item in others else back))
            for item in given
        )
        return None if is_same else _words(given, back, place)
    is_same = given == back or _on_the_clock(given) == _on_the_clock(back)
    return None if is_same else _words(given, back, place)


def _kind(value: Any) -> type:
    """A test's frozen clock gives datetimes of a class of its own."""
    return next((kind for kind in (datetime, date) if isinstance(value, kind)), type(value))


def _on_the_clock(value: Any) -> Any:
    """A time as a clock shows it: in an hour that comes twice, none of a zone equals one of a fixed offset."""
    return (value.replace(tzinfo=None), value.utcoffset()) if isinstance(value, datetime) else value


def fields_of(value: Any) -> Mapping[Any, Any] | None:
    """Of a dataclass, a msgspec.Struct or a pydantic model."""
    kind: Any = type(value)
    if dataclasses.is_dataclass(kind):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(kind)}
    if hasattr(kind, "__struct_fields__"):
        return {name: getattr(value, name) for name in kind.__struct_fields__}
    if hasattr(kind, "model_fields"):
        extra = {
            name: item for name, item in (value.model_extra or {}).items() if name not in computed_by(kind)
        }
        return {**{name: getattr(value, name) for name in kind.model_fields}, **extra}
    return None


def computed_by(model: Any) -> set[str]:
    """What a pydantic model writes its computed fields as; one that allows others reads them as these."""
    computed = model.__pydantic_decorators__.computed_fields
    return {each.info.alias or name for name, each in computed.items()}


def has_objects_in_a_set(value: Any) -> bool:
    """Whether it is, or holds, a set of what is, or holds, objects with fields."""
    fields = fields_of(value)
    if fields is not None:
        return any(map(has_objects_in_a_set, fields.values()))
    if isinstance(value, Mapping):
        return any(map(has_objects_in_a_set, value.values()))
    if isinstance(value, (set, frozenset)):
        return any(map(_has_objects, value))
    return isinstance(value, (list, tuple)) and any(map(has_objects_in_a_set, value))


def _has_objects(value: Any) -> bool:
    if isinstance(value, (tuple, frozenset)):
        return any(map(_has_objects, value))
    return fields_of(value) is not None


def _first(
    items: Mapping[Any, Any], back: Mapping[Any, Any], of: Any, of_back: Any, place: str
) -> str | None:
    if items.keys() != back.keys():
        return _words(of, of_back, place)
    for name, item in items.items():
        key = name[1] if isinstance(name, tuple) else name
        found = difference(
            item, back[name], f"{place}.{key}" if isinstance(name, str) else f"{place}[{key!r}]"
        )
        if found is not None:
            return found
    return None


def _words(given: Any, back: Any, place: str) -> str:
    kinds = type(given).__name__, type(back).__name__
    return f"{place} is the {kinds[0]} {given!r:.200} and would be the {kinds[1]} {back!r:.200}"
