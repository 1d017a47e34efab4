"""Metadata: what a client wants kept with an event. Any JSON object; the platform never needs to understand it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from events import strict_json
from events.errors import FieldError, InvalidEvent

MAX_BYTES: Final = 32 * 1024
"""Size of the text as stored, in UTF-8."""

MAX_MEMBERS: Final = MAX_BYTES // 2
"""Of all its objects and arrays together: each takes two bytes at least, itself and a comma or bracket."""

MAX_LEVELS: Final = 16
"""Nested objects and arrays; the metadata object itself is the first level."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """A JSON object as it is stored, hashed and returned: the shortest text, numbers as they were written."""

    text: str = "{}"

    @classmethod
    def of(cls, value: object) -> Self:
        """The metadata that a parsed JSON value, or a mapping made in Python, stands for.

        Raises InvalidEvent, with pointers below /metadata, for what is not an object, is larger than 32 KiB or
        nested deeper than 16 levels, or holds what `strict_json.flaws` lists.
        """
        if not isinstance(value, Mapping):
            raise InvalidEvent.at("/metadata", "not_an_object", "metadata must be a JSON object")
        # Before it is walked and written: the body of a batch may have a million of them.
        if strict_json.has_more_members_than(dict(value), MAX_MEMBERS):
            detail = f"metadata has more than {MAX_MEMBERS} values; at most {MAX_BYTES} bytes are kept"
            raise InvalidEvent.at("/metadata", "too_large", detail)
        errors = strict_json.flaws(dict(value), "/metadata", MAX_LEVELS)
        if errors:
            raise InvalidEvent.of(errors)
        text = strict_json.dump(dict(value))
        size = len(text.encode("utf-8"))
        if size > MAX_BYTES:
            detail = f"metadata has {size} bytes as stored; at most {MAX_BYTES} are kept"
            raise InvalidEvent.of([FieldError("/metadata", "too_large", detail)])
        return cls(text)

    def parsed(self) -> dict[str, Any]:
        """The object; numbers are Decimals."""
        value: dict[str, Any] = strict_json.parse(self.text.encode("utf-8"))
        return value
