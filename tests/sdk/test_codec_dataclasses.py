"""Metadata of dataclasses: it comes back equal and of the same types, or is refused before anything is sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypedDict, TypeVar

import pytest
from farehistory_client import CodecError

from tests.sdk.codec_types import Card, back, codecs_for

T = TypeVar("T")


@dataclass
class Box(Generic[T]):
    item: T
    others: list[T] = field(default_factory=list)
    inner: Box[T] | None = None


@dataclass
class Boxes:
    cards: Box[Card]
    days: Box[date]
    of_boxes: Box[Box[Card]]


@dataclass
class OfBase(Box[Card]):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    cents: int
    lanes: list[int] = field(default_factory=list)
    total: int = field(init=False)
    rate: InitVar[int] = 2

    def __post_init__(self, rate: int) -> None:
        object.__setattr__(self, "total", self.cents * 2)


@dataclass
class Tree:
    name: str
    branches: tuple[Tree, ...] = ()


@pytest.mark.parametrize(
    "value",
    [
        Boxes(
            Box(Card(1), [Card(2)], Box(Card(3))), Box(date(2026, 1, 1)), Box(Box(Card(4)), [Box(Card(5))])
        ),
        Fields(cents=5, lanes=[1]),
        Tree("a", (Tree("b"), Tree("c", (Tree("d"),)))),
    ],
    ids=lambda value: type(value).__name__,
)
def test_dataclasses_of_many_kinds_come_back(value: Any) -> None:
    assert repr(back(value)) == repr(value)


def test_a_field_that_is_made_has_to_be_made_the_same_again() -> None:
    value = Fields(cents=5)
    object.__setattr__(value, "total", 7)
    with pytest.raises(CodecError, match="the int 7 and would be the int 10"):
        codecs_for(Fields).metadata_of("toll", "ADD", value)


def test_a_class_of_a_function_can_speak_of_itself_but_not_of_others_there() -> None:
    @dataclass
    class Local:
        card: Card
        next: Local | None = None

    @dataclass
    class Speaking:
        of: Local

    assert back(Local(Card(1), Local(Card(2)))) == Local(Card(1), Local(Card(2)))
    with pytest.raises(TypeError, match=r"Speaking speaks of 'Local', which tests\.sdk\.\w+ does not have"):
        codecs_for(Speaking)


@dataclass
class Demanding:
    cents: int
    rate: InitVar[int]


class Typed(TypedDict):
    at: datetime


@dataclass
class OfTyped:
    typed: list[Typed]


@dataclass
class Counted:
    lanes: Counter[str]


@dataclass
class Deep:
    of: list[Box[bytes]]


@pytest.mark.parametrize(
    ("type_", "says"),
    [
        (Box[Card], "is no class"),
        (Box, "Box.item: T is no type"),
        (OfBase, "OfBase.item: T is no type"),
        (Deep, r"Deep.of: Box.item: bytes is no type .*: fields are of Decimal, .* or unions of these$"),
        (OfTyped, "OfTyped.typed: Typed is no type"),
        (Counted, "Counted.lanes: Counter.* is no type"),
        (Demanding, "made of rate, which is no field"),
    ],
)
def test_a_dataclass_that_could_not_be_made_is_refused_at_once(type_: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        codecs_for(type_)
