"""The kinds of types that metadata can be of, and how objects of each become JSON objects and back."""

from __future__ import annotations

import dataclasses
import sys
import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal
from inspect import signature
from typing import Any

from farehistory_client import _dataclasses, _json
from farehistory_client._sameness import computed_by, fields_of

Metadata = dict[str, Any]


class Form:
    """How objects of one type become metadata, and metadata objects. Raises TypeError for a type that cannot."""

    def __init__(self, type_: Any) -> None:
        self.type = type_

    def fields(self) -> frozenset[str]:
        """Names, as they stand in metadata, that the type knows."""
        raise NotImplementedError

    def dump(self, value: Any) -> Metadata:
        raise NotImplementedError

    def load(self, metadata: Metadata) -> Any:
        """Passes over what the type does not know. Raises whatever the type raises."""
        raise NotImplementedError

    def as_named(self, value: Any, read: Metadata) -> Metadata:
        """What a value was read from, each field by the name that it is written by."""
        return read


class _OfDataclass(Form):
    def __init__(self, type_: Any) -> None:
        super().__init__(type_)
        self._load = _dataclasses.loader(type_)

    def fields(self) -> frozenset[str]:
        return frozenset(each.name for each in dataclasses.fields(self.type))

    def dump(self, value: Any) -> Metadata:
        dumped: Metadata = _dataclasses.dump(value)
        return dumped

    def load(self, metadata: Metadata) -> Any:
        return self._load(metadata)


class _OfStruct(Form):
    """By way of JSON: msgspec's `convert` takes a whole number for no Decimal."""

    def __init__(self, type_: Any) -> None:
        import msgspec

        super().__init__(type_)
        if type_.__struct_config__.array_like:
            raise TypeError(f"{type_.__name__} is written as a list, and metadata is an object")
        schema = msgspec.json.schema(type_)
        within, own = schema["$defs"], schema["$ref"]
        for name, each in within.items():
            is_within = own != f"#/$defs/{name}" or f"'{own}'" in repr(within)
            if is_within and each.get("additionalProperties") is False:
                raise TypeError(
                    f"{name} within {type_.__name__} forbids unknown fields, which a later version of it may have"
                )
            if is_within and each.get("type") == "array" and "maxItems" not in each:  # as a NamedTuple has
                raise TypeError(
                    f"{name} within {type_.__name__} is written as a list (array_like),"
                    " of which what a later version of it adds would be lost"
                )
        self._decoder = msgspec.json.Decoder(type_)

    def fields(self) -> frozenset[str]:
        tag = {self.type.__struct_config__.tag_field} - {None}
        return frozenset(self.type.__struct_encode_fields__) | tag

    def dump(self, value: Any) -> Metadata:
        import msgspec

        try:  # not as JSON, in which msgspec has null for NaN
            dumped: Metadata = msgspec.to_builtins(
                value, builtin_types=(Decimal,), str_keys=True, order="deterministic"
            )
        except TypeError as error:
            raise TypeError(f"{error} (each set is written in one order, whatever the process)") from error
        return dumped

    def load(self, metadata: Metadata) -> Any:
        if self.type.__struct_config__.forbid_unknown_fields:
            metadata = {name: item for name, item in metadata.items() if name in self.fields()}
        return self._decoder.decode(_json.dumps(metadata))


class _OfModel(Form):
    """By way of JSON, which a strict model takes times and Decimals from."""

    def __init__(self, type_: Any) -> None:
        import pydantic

        super().__init__(type_)
        if issubclass(type_, pydantic.RootModel):
            raise TypeError(f"{type_.__name__} is a RootModel, and metadata is an object with fields")
        type_.model_rebuild()
        taken: set[str] = set()
        for name, each in type_.model_fields.items():
            keys = set(_keys_of(type_, name, each))
            if any(not isinstance(key, str) for key in keys):
                raise TypeError(
                    f"{type_.__name__}.{name} is read from within others, and written as one of its own"
                )
            if taken & keys:
                raise TypeError(f"{type_.__name__} has two fields that {min(taken & keys)!r} is read as")
            if (each.serialization_alias or name) not in keys and not each.exclude:
                raise TypeError(
                    f"{type_.__name__}.{name} is written as {each.serialization_alias or name!r},"
                    f" and read as {sorted(keys)}: it would not be read again"
                )
            taken |= keys
        self._fields = frozenset(taken)

    def fields(self) -> frozenset[str]:
        return self._fields

    def dump(self, value: Any) -> Metadata:
        dumped: Metadata = _in_order(value, value.model_dump(mode="json", by_alias=True))
        return dumped

    def load(self, metadata: Metadata) -> Any:
        import pydantic

        extra, computed = self.type.model_config.get("extra"), computed_by(self.type)
        if extra == "forbid":
            metadata = {name: item for name, item in metadata.items() if name in self.fields()}
        elif extra == "allow":
            metadata = {name: item for name, item in metadata.items() if name not in computed}
        text = _json.dumps(_exact(metadata))
        try:
            return self.type.model_validate_json(text)
        except pydantic.ValidationError as error:
            is_of_a_later_version = any(each["type"] == "extra_forbidden" for each in error.errors())
            if (
                not is_of_a_later_version
                or "extra" not in signature(self.type.model_validate_json).parameters
            ):
                raise
            return self.type.model_validate_json(text, extra="ignore")

    def as_named(self, value: Any, read: Metadata) -> Metadata:
        named: Metadata = _as_named(value, read)
        return named


def _keys_of(type_: Any, name: str, field: Any) -> Iterator[Any]:
    """What a field of a model is read from, the first that is there: names, and paths as tuples."""
    config = getattr(type_, "model_config", None) or getattr(type_, "__pydantic_config__", None) or {}
    alias = field.validation_alias
    if alias is not None and config.get("validate_by_alias", True):
        for each in getattr(alias, "choices", [alias]):
            yield each if isinstance(each, str) else tuple(each.path)
    if alias is None or config.get("populate_by_name") or config.get("validate_by_name"):
        yield name


def _fields_of(type_: Any) -> Mapping[str, Any]:
    """Of a model, or of a dataclass of pydantic."""
    fields: Mapping[str, Any] = getattr(type_, "__pydantic_fields__", None) or getattr(
        type_, "model_fields", {}
    )
    return fields


def _written(value: Any) -> Mapping[str, Any]:
    """What fields hold, by the names that they are written by."""
    names = {name: each.serialization_alias or name for name, each in _fields_of(type(value)).items()}
    return {names.get(name, name): item for name, item in (fields_of(value) or {}).items()}


def _as_named(value: Any, read: Any) -> Any:
    if getattr(type(value), "__pydantic_root_model__", False):
        return _as_named(value.root, read)
    if isinstance(value, (list, tuple)) and isinstance(read, list) and len(value) == len(read):
        return list(map(_as_named, value, read))
    if isinstance(value, Mapping) and isinstance(read, dict) and len(value) == len(read):
        return dict(zip(read, map(_as_named, value.values(), read.values()), strict=True))
    if not isinstance(read, dict) or fields_of(value) is None:
        return read
    known: set[Any] = set()
    by_field = {}
    for name, each in _fields_of(type(value)).items():
        keys = list(_keys_of(type(value), name, each))
        known.update(keys)
        found = next((key for key in keys if key in read), None)
        if found is not None:
            by_field[each.serialization_alias or name] = read[found]
    named = {**{key: item for key, item in read.items() if key not in known}, **by_field}
    written = _written(value)
    return {key: _as_named(written[key], item) if key in written else item for key, item in named.items()}


def _in_order(value: Any, written: Any) -> Any:
    """What sets are written as in one order, whatever the process; what is not written item by item as it is."""
    if getattr(type(value), "__pydantic_root_model__", False):
        return _in_order(value.root, written)
    if isinstance(value, (set, frozenset)) and isinstance(written, list):
        return sorted(written, key=_json.dumps)
    if isinstance(value, (list, tuple)) and isinstance(written, list) and len(value) == len(written):
        return list(map(_in_order, value, written))
    if isinstance(value, Mapping) and isinstance(written, dict) and len(value) == len(written):
        return dict(zip(written, map(_in_order, value.values(), written.values()), strict=True))
    if isinstance(written, dict):
        items = _written(value)
        return {key: _in_order(items[key], item) if key in items else item for key, item in written.items()}
    return written


def _exact(value: Any) -> Any:
    """Numbers with more digits than a float has as text: pydantic reads each number of JSON as a float first."""
    if isinstance(value, dict):
        return {name: _exact(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, Decimal) and Decimal(repr(float(value))) != value:
        return str(value)
    return value


def form_of(type_: Any) -> Form:
    """Raises TypeError for a type that metadata cannot be of.

    Looks at msgspec and pydantic only where somebody else has loaded them: a type of theirs cannot be without.
    """
    if typing.get_origin(type_) is not None:
        raise TypeError(f"{type_} is no class: its objects do not say what they are of. Fields may be of it")
    if not isinstance(type_, type):
        raise TypeError(f"{type_!r} is no type")
    if not hasattr(type_, "model_fields") and hasattr(type_, "__fields__"):
        raise TypeError(f"{type_.__name__} is a model of pydantic 1: pydantic 2.0 or later is needed")
    msgspec, pydantic = sys.modules.get("msgspec"), sys.modules.get("pydantic")
    try:
        if msgspec is not None and issubclass(type_, msgspec.Struct):
            return _OfStruct(type_)
        if pydantic is not None and issubclass(type_, pydantic.BaseModel):
            return _OfModel(type_)
    except NameError as error:  # what a field is of is not there
        raise TypeError(f"{type_.__name__}: {error}") from error
    if dataclasses.is_dataclass(type_):
        return _OfDataclass(type_)
    raise TypeError(f"{type_!r} is no dataclass, no msgspec.Struct and no pydantic model")
