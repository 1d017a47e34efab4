"""Metadata of msgspec's structs: it comes back equal and of the same types, or is refused before anything is sent."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import pytest
from farehistory_client import CodecError, Details

from tests.sdk.codec_types import Tagged, TaggedToo, back, codecs_for


class Strict(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    gate_name: str
    ratio: float = 0.0


class WithStrict(msgspec.Struct):
    strict: list[Strict]


class Listed(msgspec.Struct, array_like=True):
    lane: int


class WithListed(msgspec.Struct):
    by_road: dict[str, Listed]


class Lane(NamedTuple):
    number: int


class WithNamedTuple(msgspec.Struct):
    lane: Lane


class StrictOfItself(msgspec.Struct, forbid_unknown_fields=True):
    next: StrictOfItself | None = None


class Either(msgspec.Struct):
    tolls: list[Tagged | TaggedToo]
    number: int | float = 0
    seen: frozenset[int] = frozenset()


class Unspeakable(msgspec.Struct):
    number: complex


class Dangling(msgspec.Struct):
    of: Nowhere  # noqa: F821


def test_structs_of_many_kinds_come_back() -> None:
    for value in (
        Either([Tagged(1), TaggedToo(1)], 1.0, frozenset([2, 1])),
        Strict("Tuas", 0.5),
        Either([], 1),
        WithNamedTuple(Lane(1)),
    ):
        assert repr(back(value)) == repr(value)


def test_a_struct_that_forbids_others_is_read_beside_them() -> None:
    codecs = codecs_for(Strict)
    stored = {"gateName": "Tuas", "ratio": 1, "gate_name": "another's"}
    assert codecs.details_of("toll", "ADD", stored) == Details(
        Strict("Tuas", 1.0), {"gate_name": "another's"}
    )


@pytest.mark.parametrize(
    ("type_", "says"),
    [
        (WithStrict, "Strict within WithStrict forbids unknown fields"),
        (WithListed, r"Listed within WithListed is written as a list \(array_like\)"),
        (StrictOfItself, "StrictOfItself within StrictOfItself forbids"),
        (Unspeakable, "complex"),
        (Dangling, "Nowhere"),
    ],
)
def test_a_struct_that_could_not_be_read_is_refused_at_once(type_: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        codecs_for(type_)


@pytest.mark.parametrize("ratio", [float("nan"), float("inf"), float("-inf")])
def test_a_struct_with_a_number_that_json_has_not_is_not_sent(ratio: float) -> None:
    with pytest.raises(CodecError, match="not JSON compliant"):
        codecs_for(Strict).metadata_of("toll", "ADD", Strict("Tuas", ratio))


class Sets(msgspec.Struct):
    mixed: set[int | str]


def test_a_set_that_is_in_no_order_is_not_sent() -> None:
    """Sent by another process, it would be other bytes under the same transaction id."""
    assert back(Sets({"b", "a"})) == Sets({"a", "b"})
    with pytest.raises(CodecError, match="in one order"):
        codecs_for(Sets).metadata_of("toll", "ADD", Sets({1, "a"}))
