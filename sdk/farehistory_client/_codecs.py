"""Codecs: what a service keeps with an event (its metadata) as an object of a type of its own.

    codecs = Codecs()
    codecs.register(Toll, component="toll")

A Toll given as the metadata of a Change is sent as a JSON object; `details.value` of an event of that component is a
Toll again. Fields that the type does not know (another service's, a later version's) are kept beside it, also those of
objects within it (not of objects in lists), and sent again with it.

A type changes: raise its `version`, and say how the metadata of each version before becomes that of the next. The
version stands in the metadata as `_version`; where none stands it is 1.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from farehistory_client import _dataclasses, _json

T = TypeVar("T")

Metadata = dict[str, Any]

VERSION: Final = "_version"


@dataclass(frozen=True, slots=True)
class Details(Generic[T]):
    """The metadata of an event, as an object, and what else stood there."""

    value: T
    unknown: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Fields that the type does not know."""

    def having(self, value: T) -> Details[T]:
        """Another value beside the same unknown fields."""
        return Details(value, self.unknown)


class CodecError(ValueError):
    """Metadata that cannot be read as its type says. `metadata` is what stood there."""

    def __init__(self, message: str, metadata: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.metadata = metadata

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.metadata)


@dataclass(frozen=True, slots=True)
class _Codec:
    type: type
    version: int
    upcasts: Mapping[int, Callable[[Metadata], Metadata]]

    def dump(self, value: Any) -> Metadata:
        """Raises CodecError for a value that would not come back as it is: an event is for ever."""
        form = _form_of(self.type)
        metadata = form.dump(value)
        metadata = metadata if self.version == 1 else {VERSION: self.version, **metadata}
        written = _json.dumps(metadata)
        again = form.dump(self.load(_json.loads(written)).value)
        if _json.dumps(again if self.version == 1 else {VERSION: self.version, **again}) != written:
            raise CodecError(f"this {self.type.__name__} would not be read as it is written", metadata)
        return metadata

    def load(self, metadata: Mapping[str, Any]) -> Details[Any]:
        fields = deepcopy(dict(metadata))  # an upcast may change it
        version = fields.pop(VERSION, 1)
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise CodecError(f"{VERSION} is {version!r}, no version", metadata)
        try:
            # What a later version has added is among the unknown fields, and so is its version.
            later = {VERSION: version} if version > self.version else {}
            for before in range(version, self.version):
                fields = self.upcasts[before](fields)
            form = _form_of(self.type)
            known = form.fields()
            unknown = {name: item for name, item in fields.items() if name not in known}
            named = {name: item for name, item in fields.items() if name in known}
            value = form.load(named)
            unknown |= _left_out(named, form.dump(value))
        except Exception as error:
            raise CodecError(f"no {self.type.__name__} of version {version}: {error}", metadata) from error
        return Details(value, {**later, **unknown})


def _left_out(metadata: Metadata, dumped: Metadata) -> Metadata:
    """What of the objects within metadata did not become part of the value: all that a later `dump` would not have."""
    found = {}
    for name, item in metadata.items():
        again = dumped.get(name)
        if isinstance(item, Mapping) and isinstance(again, Mapping):
            missing = {key: each for key, each in item.items() if key not in again}
            within = _left_out(dict(item), dict(again)) | missing
            if within:
                found[name] = within
    return found


def _beside(written: Metadata, unknown: Mapping[str, Any]) -> Metadata:
    """What is written, and what is unknown in the places that are left."""
    whole = dict(written)
    for name, item in unknown.items():
        there = whole.get(name)
        if name not in whole:
            whole[name] = item
        elif isinstance(there, Mapping) and isinstance(item, Mapping):
            whole[name] = _beside(dict(there), item)
    return whole


class Codecs:
    """The types of a client. Give it to the client when both are made."""

    def __init__(self) -> None:
        self._by_event: dict[tuple[str | None, str | None], _Codec] = {}
        self._by_type: dict[type, _Codec] = {}

    def register(
        self,
        type_: type,
        *,
        component: str | None = None,
        event_type: str | None = None,
        version: int = 1,
        upcasts: Mapping[int, Callable[[Metadata], Metadata]] | None = None,
    ) -> None:
        """Events of a component, of an event type, or of both have metadata of this type.

        A dataclass, a msgspec.Struct or a pydantic model. `upcasts` makes of the metadata of version n that of n + 1,
        for each n below `version`. Where several types would do, the one for component and event type is taken, then
        the component's. Raises TypeError for another kind of type, ValueError where one is registered already, or an
        upcast is missing.
        """
        if component is None and event_type is None:
            raise ValueError("a codec is for a component, an event type, or both")
        if VERSION in _form_of(type_).fields():
            raise ValueError(f"{VERSION} is where the version of metadata stands, and can be no field")
        upcasts = dict(upcasts or {})
        if version < 1 or upcasts.keys() != set(range(1, version)):
            raise ValueError(
                f"version {version} needs an upcast of each version before it: {sorted(upcasts)}"
            )
        place = (component, event_type)
        if (
            place in self._by_event
            or self._by_type.get(type_, _Codec(type_, version, upcasts)).version != version
        ):
            raise ValueError(f"{component or event_type} or {type_.__name__} has a codec already")
        codec = self._by_event[place] = _Codec(type_, version, upcasts)
        self._by_type[type_] = codec

    def metadata_of(self, given: Any) -> Mapping[str, Any] | None:
        """Metadata as it is sent. Raises TypeError for an object of a type that is not registered."""
        if given is None or isinstance(given, Mapping):
            return given
        if isinstance(given, Details):
            written = self._codec_of(given.value).dump(given.value)
            later = {VERSION: given.unknown[VERSION]} if VERSION in given.unknown else {}
            return _beside({**written, **later}, given.unknown)
        return self._codec_of(given).dump(given)

    def details_of(
        self, component: str, event_type: str, metadata: Mapping[str, Any] | None
    ) -> Details[Any] | None:
        """Metadata as its type has it; None where it has none. Raises CodecError."""
        if metadata is None:
            return None
        for place in ((component, event_type), (component, None), (None, event_type)):
            codec = self._by_event.get(place)
            if codec is not None:
                return codec.load(metadata)
        return None

    def _codec_of(self, value: Any) -> _Codec:
        codec = self._by_type.get(type(value))
        if codec is None:
            raise TypeError(f"metadata is a mapping or of a registered type, not {type(value).__name__}")
        return codec


class _Form(Generic[T]):
    """How objects of one kind of type become metadata, and metadata objects."""

    def __init__(self, type_: type[T]) -> None:
        self.type = type_

    def fields(self) -> frozenset[str]:
        """Names, as they stand in metadata, that the type knows."""
        raise NotImplementedError

    def dump(self, value: T) -> Metadata:
        raise NotImplementedError

    def load(self, metadata: Metadata) -> T:
        """Raises whatever the type raises."""
        raise NotImplementedError


class _OfDataclass(_Form[Any]):
    def fields(self) -> frozenset[str]:
        return frozenset(each.name for each in dataclasses.fields(self.type))

    def dump(self, value: Any) -> Metadata:
        dumped: Metadata = _dataclasses.dump(value)
        return dumped

    def load(self, metadata: Metadata) -> Any:
        return _dataclasses.load(self.type, metadata)


class _OfStruct(_Form[Any]):
    """By way of JSON: msgspec's `convert` takes a whole number for no Decimal."""

    def fields(self) -> frozenset[str]:
        tag = {_struct_config(self.type).tag_field} - {None}
        return frozenset(self.type.__struct_encode_fields__) | tag

    def dump(self, value: Any) -> Metadata:
        import msgspec

        written: Metadata = _json.loads(msgspec.json.Encoder(decimal_format="number").encode(value))
        return written

    def load(self, metadata: Metadata) -> Any:
        import msgspec

        return msgspec.json.decode(_json.dumps(metadata), type=self.type)


def _struct_config(type_: Any) -> Any:
    return type_.__struct_config__


class _OfModel(_Form[Any]):
    def fields(self) -> frozenset[str]:
        fields: Mapping[str, Any] = self.type.model_fields
        names: set[Any] = set()
        for name, each in fields.items():
            choices = getattr(each.validation_alias, "choices", ())
            names |= {name, each.alias, each.validation_alias, each.serialization_alias}
            names |= {choice for choice in choices if isinstance(choice, str)}
        return frozenset(name for name in names if isinstance(name, str))

    def dump(self, value: Any) -> Metadata:
        dumped: Metadata = value.model_dump(mode="json", by_alias=True)
        return dumped

    def load(self, metadata: Metadata) -> Any:
        return self.type.model_validate(metadata)


def _form_of(type_: type) -> _Form[Any]:
    """Looks at msgspec and pydantic only where somebody else has loaded them: a type of theirs cannot be without."""
    msgspec, pydantic = sys.modules.get("msgspec"), sys.modules.get("pydantic")
    if not isinstance(type_, type):
        raise TypeError(f"{type_!r} is no type")
    if msgspec is not None and issubclass(type_, msgspec.Struct):
        if _struct_config(type_).array_like:
            raise TypeError(f"{type_.__name__} is written as a list, and metadata is an object")
        return _OfStruct(type_)
    if pydantic is not None and issubclass(type_, pydantic.BaseModel):
        return _OfModel(type_)
    if dataclasses.is_dataclass(type_):
        return _OfDataclass(type_)
    raise TypeError(f"{type_!r} is no dataclass, no msgspec.Struct and no pydantic model")
