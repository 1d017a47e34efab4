"""Codecs: what a service keeps with an event (its metadata) as an object of a type of its own.

    codecs = Codecs()
    codecs.register(Toll, component="toll")

A Toll given as the metadata of a Change is sent as a JSON object; `details.value` of an event of that component is a
Toll again: equal, and of the same types in all its parts. What would come back as another is not sent.

Fields that the type does not know (another service's, a later version's) are kept beside it, also those of objects
within it, and sent again with it. An object in a list keeps them if it is unchanged, wherever it stands; where the list
is as long as it was and none has moved, also if it is another in the same place. Where there are objects in a set,
each is told by how it is written: what stands there in another way than the type writes it loses them.

A type changes: raise its `version`, and say how the metadata of each version before becomes that of the next. The
version stands in the metadata as `_version`; where none stands it is 1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, get_args

from farehistory_client import _json
from farehistory_client._forms import Form, Metadata, form_of
from farehistory_client._kinds import COMPONENT, EventType
from farehistory_client._sameness import difference, has_objects_in_a_set
from farehistory_client._unknown import beside, left_out

T = TypeVar("T")

VERSION: Final = "_version"


@dataclass(frozen=True, slots=True)
class Details(Generic[T]):
    """The metadata of an event, as an object, and what else stood there. Hashable if the object is."""

    value: T
    unknown: Mapping[str, Any] = dataclasses.field(default_factory=dict, hash=False)
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
    form: Form
    version: int
    upcasts: Mapping[int, Callable[[Metadata], Metadata]]

    def dump(self, value: Any, unknown: Mapping[str, Any]) -> Metadata:
        """Raises CodecError for a value that would not come back as it is: an event is for ever."""
        whole: Metadata = {}
        try:
            written = _json.loads(_json.dumps(self.form.dump(value)))
            version = unknown.get(VERSION, self.version)
            whole = beside(written if version == 1 else {VERSION: version, **written}, unknown)
            if not whole:
                raise ValueError("it would be {}, as of an event without metadata")
            other = difference(value, self.load(_json.loads(_json.dumps(whole))).value)
        except Exception as error:
            raise CodecError(f"this {self.form.type.__name__} cannot be written: {error}", whole) from error
        if other is not None:
            raise CodecError(
                f"this {self.form.type.__name__} would be another when it is read: {other}", whole
            )
        return whole

    def load(self, metadata: Mapping[str, Any]) -> Details[Any]:
        fields = deepcopy(dict(metadata))  # an upcast may change it
        version = fields.pop(VERSION, 1)
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise CodecError(f"{VERSION} is {version!r}, no version", metadata)
        try:
            # What a later version has added is among the unknown fields, and so is its version.
            later = {VERSION: version} if version > self.version else {}
            for before in range(version, self.version):
                fields = self._upcast(before, fields)
            value = self.form.load(fields)
            known = _json.loads(_json.dumps(self.form.dump(value)))
            # A field that is known and not written has its default.
            passed_over = self.form.fields() - known.keys()
            left = left_out(
                self.form.as_named(value, fields), known, in_place=not has_objects_in_a_set(value)
            )
            unknown = {name: item for name, item in left.items() if name not in passed_over}
        except Exception as error:
            raise CodecError(
                f"no {self.form.type.__name__} of version {version}: {error}", metadata
            ) from error
        return Details(value, {**later, **unknown})

    def _upcast(self, before: int, fields: Metadata) -> Metadata:
        try:
            after = self.upcasts[before](fields)
        except Exception as error:
            raise ValueError(f"the upcast of version {before} raised {error!r}") from error
        if not isinstance(after, Mapping):
            raise TypeError(f"the upcast of version {before} gave {after!r:.200}, no mapping")
        return dict(after)


class Codecs:
    """The types of a client. Give it to the client when both are made."""

    def __init__(self) -> None:
        self._by_event: dict[tuple[str | None, str | None], _Codec] = {}

    def register(
        self,
        type_: type,
        *,
        component: str | None = None,
        event_type: EventType | None = None,
        version: int = 1,
        upcasts: Mapping[int, Callable[[Metadata], Metadata]] | None = None,
    ) -> None:
        """Events of a component, of an event type, or of both have metadata of this type.

        A dataclass, a msgspec.Struct or a pydantic model. `upcasts` makes of the metadata of version n that of n + 1,
        for each n below `version`. Where several types would do, the one for component and event type is taken, then
        the component's. Raises TypeError for another kind of type, and for one that has fields which could not be read
        as they are written; ValueError where one is registered already, an upcast is missing, or no event
        can have such a component or type.
        """
        if component is None and event_type is None:
            raise ValueError("a codec is for a component, an event type, or both")
        if component is not None and COMPONENT.fullmatch(component) is None:
            raise ValueError(f"no component is named {component!r}: a-z, then a-z, 0-9 and _, at most 48")
        if event_type is not None and event_type not in get_args(EventType):
            raise ValueError(f"event_type is one of {', '.join(get_args(EventType))}, not {event_type!r}")
        form = form_of(type_)
        if VERSION in form.fields():
            raise ValueError(f"{VERSION} is where the version of metadata stands, and can be no field")
        upcasts = dict(upcasts or {})
        if version < 1 or upcasts.keys() != set(range(1, version)):
            raise ValueError(
                f"version {version} needs an upcast of each version before it: {sorted(upcasts)}"
            )
        if (component, event_type) in self._by_event:
            raise ValueError(f"{_place(component, event_type)} has a codec already")
        self._by_event[component, event_type] = _Codec(form, version, upcasts)

    def metadata_of(self, component: str, event_type: str, given: Any) -> Mapping[str, Any] | None:
        """Metadata of such an event as it is sent; a mapping as it is.

        Raises TypeError for an object of a type that is not registered, CodecError for one that would not come back as
        it is, such as of a type that is registered for other events.
        """
        if given is None or isinstance(given, Mapping):
            return given
        details = given if isinstance(given, Details) else Details(given)
        type_, codec = type(details.value), self._codec_of(component, event_type)
        if codec is not None and codec.form.type is type_:
            return codec.dump(details.value, details.unknown)
        if all(each.form.type is not type_ for each in self._by_event.values()):
            raise TypeError(f"metadata is a mapping or of a registered type, not {type_.__name__}")
        read_as = (
            "no codec is registered for it" if codec is None else f"it is read as {codec.form.type.__name__}"
        )
        raise CodecError(f"{type_.__name__} is no metadata of {_place(component, event_type)}: {read_as}", {})

    def details_of(
        self, component: str, event_type: str, metadata: Mapping[str, Any] | None
    ) -> Details[Any] | None:
        """Metadata as its type has it; None where none was given, it was erased or no codec is registered.

        Raises CodecError.
        """
        codec = self._codec_of(component, event_type)
        # An event without metadata is kept with {}.
        return codec.load(metadata) if metadata and codec is not None else None

    def _codec_of(self, component: str, event_type: str) -> _Codec | None:
        """The closest."""
        places = ((component, event_type), (component, None), (None, event_type))
        return next((self._by_event[each] for each in places if each in self._by_event), None)


def _place(component: str | None, event_type: str | None) -> str:
    return " ".join(filter(None, (event_type, component)))
