"""A codec of one type, for the tests of what types can be."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from typing import Any

import msgspec
from farehistory_client import Codecs, _json


def codecs_for(type_: Any) -> Codecs:
    codecs = Codecs()
    codecs.register(type_, component="toll")
    return codecs


def back(value: Any) -> Any:
    codecs = codecs_for(type(value))
    details = codecs.details_of(
        "toll", "ADD", _json.loads(_json.dumps(codecs.metadata_of("toll", "ADD", value)))
    )
    assert details is not None
    assert details.unknown == {}
    return details.value


def field_of(hint: Any) -> Any:
    return make_dataclass("Holder", [("item", hint)])


@dataclass(frozen=True)
class Card:
    digits: int
    name: str = ""


class Tagged(msgspec.Struct, tag=True, frozen=True):
    a: int


class TaggedToo(msgspec.Struct, tag=True, frozen=True):
    a: int
