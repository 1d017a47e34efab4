"""What metadata can be of: it comes back equal and of the same types, or is refused before anything is sent."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field, make_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, TypedDict, TypeVar
from zoneinfo import ZoneInfo

import msgspec
import pytest
from farehistory_client import CodecError, Codecs, Details, _json
from hypothesis import given
from hypothesis import strategies as st

T = TypeVar("T")


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


# Unions and other choices


@dataclass(frozen=True)
class Card:
    digits: int
    name: str = ""


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


class Tagged(msgspec.Struct, tag=True, frozen=True):
    a: int


class TaggedToo(msgspec.Struct, tag=True, frozen=True):
    a: int


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


# Dataclasses


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


# msgspec


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
