"""Metadata with unions and other choices: it comes back equal and of the same types, or is not sent."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NewType
from zoneinfo import ZoneInfo

import msgspec
import pytest
from farehistory_client import CodecError
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.codec_types import Card, back, codecs_for, field_of


@dataclass(frozen=True)
class Voucher:
    digits: int
    name: str = ""


@dataclass(frozen=True)
class Cash:
    digits: int


class Ratio(Enum):
    HALF = 0.5
    TENTH = 0.1
    WHOLE = 1.0


class Price(Enum):
    LOW = Decimal("0.10")
    HIGH = Decimal(1)


class Mixed(Enum):
    ONE = 1
    ONE_IN_WORDS = "1"
    PAIR = (1, "a")


class Axles(IntEnum):
    ONE = 1
    TWO = 2


class PassedStruct(msgspec.Struct):
    at: datetime


KINDS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, st.integers(0, 2)),
    (bool, st.booleans()),
    (float, st.sampled_from([0.0, 1.0, 0.1])),
    (Decimal, st.sampled_from([Decimal(0), Decimal("1.0"), Decimal("0.1")])),
    (str, st.sampled_from(["", "1", "2026-01-01", "left"])),
    (date, st.just(date(2026, 1, 1))),
    (datetime, st.sampled_from([datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)])),  # noqa: DTZ001
    (type(None), st.none()),
    (Axles, st.sampled_from(Axles)),
    (Ratio, st.sampled_from(Ratio)),
    (Price, st.sampled_from(Price)),
    (Mixed, st.sampled_from(Mixed)),
    (Literal[1, True, "1", None, Ratio.TENTH], st.sampled_from([1, True, "1", None, Ratio.TENTH])),
    (Card, st.builds(Card, st.integers(0, 1))),
    (Voucher, st.builds(Voucher, st.integers(0, 1), st.just("x"))),
    (Cash, st.builds(Cash, st.integers(0, 1))),
]


@st.composite
def holders(draw: st.DrawFn) -> Any:
    """An object with a field of a choice, alone or in a container."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=2, max_size=3, unique_by=id))
    hint, items = (
        functools.reduce(lambda a, b: a | b, [kind for kind, _ in kinds]),
        st.one_of(*(i for _, i in kinds)),
    )
    hint, items = draw(
        st.sampled_from(
            [
                (hint, items),
                (list[hint], st.lists(items, max_size=3)),
                (tuple[hint, ...], st.lists(items, max_size=3).map(tuple)),
                (dict[str, hint], st.dictionaries(st.sampled_from("ab"), items)),
                (list[hint] | tuple[hint, ...], st.lists(items) | st.lists(items).map(tuple)),
            ]
        )
    )
    return field_of(hint)(draw(items))


@given(holders())
def test_a_choice_comes_back_as_what_it_was_or_is_not_sent(value: Any) -> None:
    try:
        found = back(value)
    except CodecError:
        return
    assert repr(found) == repr(value), "as repr tells 1 from True, 1.0 and Decimal(1)"


@dataclass(frozen=True)
class Passed:
    at: datetime


@pytest.mark.parametrize("fold", [0, 1])
def test_a_time_in_an_hour_that_comes_twice_comes_back(fold: int) -> None:
    at = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=fold)
    assert at != at.astimezone(UTC), "as Python has it"
    types = [Passed, field_of(frozenset[Passed]), field_of(dict[datetime, int]), PassedStruct]
    for value in map(lambda type_, item: type_(item), types, [at, frozenset([Passed(at)]), {at: 1}, at]):
        assert back(value) is not None
    assert back(Passed(at)).at.isoformat() == at.isoformat()


def test_a_time_of_another_offset_is_another() -> None:
    """At the same hour of the clock, and not the same time."""
    at = datetime(1800, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))  # to the second, and msgspec to the minute
    with pytest.raises(CodecError, match=r"it\.at is the datetime"):
        codecs_for(PassedStruct).metadata_of("toll", "ADD", PassedStruct(at))


@given(st.sampled_from(KINDS).flatmap(lambda kind: kind[1].map(lambda item: field_of(kind[0])(item))))
def test_what_is_no_choice_is_never_refused(value: Any) -> None:
    assert repr(back(value)) == repr(value)


@pytest.mark.parametrize(
    ("hint", "items"),
    [
        (int | float, [1, 1.0]),
        (float | int, [1, 1.0]),
        (bool | int, [True, 1]),
        (Decimal | str, [Decimal("1.50"), "1.50"]),
        (date | str, [date(2026, 1, 1), "noon"]),
        (datetime | date, [date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)]),
        (Cash | Card, [Cash(1), Card(1), Card(1, "x")]),
        (set[int | str], [{1, "1", "b"}]),
        (frozenset[bool | int], [frozenset([True, 0])]),
        (dict[int, str], [{1: "a"}]),
        (dict[Mixed, int], [{Mixed.ONE_IN_WORDS: 1}]),
        (dict[Price, int], [{Price.LOW: 1}]),
        (Annotated[NewType("Gate", str), "name"] | None, ["Tuas", None]),
        (tuple[()], [()]),
        (Decimal | int, [Decimal("1.0"), 1]),
        (Decimal | float, [Decimal("0.5")]),
        (float | Decimal, [0.5]),
        (dict[str, Any], [{"a": Decimal("0.5")}]),
        (float, [1]),
        (Decimal, [1]),
    ],
)
def test_what_tells_itself_comes_back(hint: Any, items: Sequence[Any]) -> None:
    for item in items:
        assert back(field_of(hint)(item)).item == item


class Identity:
    """Without __eq__."""


class Other(Enum):
    HALF = 0.5


@dataclass(eq=False)
class Uncompared:
    digits: int


@pytest.mark.parametrize(
    ("hint", "item", "says"),
    [
        (Card | Voucher, Voucher(1), "it.item is the Voucher .* would be the Card"),
        (list[Card | Voucher], [Card(1), Voucher(1)], r"it.item\[1\] is the Voucher"),
        (date | str, "2026-01-01", "the str '2026-01-01' and would be the date"),
        (Ratio | Other, Other.HALF, "the Other"),
        (Literal[Ratio.HALF, Other.HALF], Other.HALF, "the Other"),
        (float | Decimal, Decimal("0.5"), "the Decimal"),
        (Decimal | int, Decimal(1), "the Decimal"),
        (Decimal | float, 0.5, "the float"),
        (dict[str, Any], {"a": 0.5}, "the float"),
        (int | Axles, Axles.ONE, "the Axles"),
        (list[int] | tuple[int, ...], (1,), "the tuple"),
        (Sequence[int], (1,), "the tuple"),
        (int, Axles.ONE, "the Axles"),
        (int, True, "True is no int"),
        (float, True, "True is no float"),
        (float, 2**53 + 1, "the int 9007199254740993"),
        (dict[int | str, int], {1: 1, "1": 2}, "the dict"),
        (Any, 0.5, "the float"),
        (Any, Card(1), "the Card"),
        (Any, {1}, "the set"),
        (object, Identity(), "not JSON serializable"),
        (float, float("nan"), "not JSON compliant"),
        (list[float], [float("inf")], "not JSON compliant"),
        (Decimal, Decimal("NaN"), "NaN is no JSON number"),
    ],
)
def test_what_would_come_back_as_another_is_not_sent(hint: Any, item: Any, says: str) -> None:
    holder = field_of(hint)
    codecs = codecs_for(holder)
    with pytest.raises(CodecError, match=says):
        codecs.metadata_of("toll", "ADD", holder(item))


def test_what_has_no_equality_is_compared_by_its_fields() -> None:
    assert back(field_of(Uncompared)(Uncompared(5))).item.digits == 5


def test_a_later_version_of_a_choice_is_what_knows_most_of_it() -> None:
    codecs = codecs_for(field_of(Cash | Card))
    details = codecs.details_of("toll", "ADD", {"item": {"digits": 1, "name": "x", "new": 2}})
    assert details is not None
    assert details.value.item == Card(1, "x")
    assert details.unknown == {"item": {"new": 2}}
