"""Metadata of pydantic models, with what their configuration can be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

import pytest
from farehistory_client import CodecError, Details, _json

from tests.sdk.codec_types import codecs_for

pydantic = pytest.importorskip("pydantic")

from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, RootModel, computed_field, v1  # noqa: E402
from pydantic.alias_generators import to_camel  # noqa: E402
from pydantic.dataclasses import dataclass as pydantic_dataclass  # noqa: E402


def echoed(type_: Any, stored: Any) -> tuple[Details[Any], Any]:
    """As it is read, and what is sent with the same object."""
    codecs = codecs_for(type_)
    details = codecs.details_of("toll", "ADD", _json.loads(_json.dumps(stored)))
    assert details is not None
    return details, codecs.metadata_of("toll", "ADD", details)


def back(value: Any) -> Any:
    codecs = codecs_for(type(value))
    return echoed(type(value), codecs.metadata_of("toll", "ADD", value))[0]


class Ratio(Enum):
    TENTH = 0.1
    WHOLE = 1.0


class Price(Enum):
    LOW = Decimal("0.10")


class Gate(BaseModel):
    model_config = ConfigDict(
        strict=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )
    gate_name: str
    price: Decimal
    ratio: float = 0.5
    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    id: UUID = UUID(int=1)
    lanes: tuple[int, ...] = (1, 2)
    kind: Ratio | Price = Ratio.WHOLE
    number: int | float = 1.0


def test_a_strict_model_comes_back() -> None:
    value = Gate(gate_name="Tuas", price=Decimal("12345678901234567890.12"))
    assert back(value) == Details(value)
    assert "gateName" in (codecs_for(Gate).metadata_of("toll", "ADD", value) or {})


def test_an_amount_keeps_all_its_digits() -> None:
    """As another service writes it, as a number of JSON."""
    details, _ = echoed(
        Gate, {"gateName": "Tuas", "price": Decimal("12345678901234567890.12"), "ratio": Decimal("0.1")}
    )
    assert (details.value.price, details.value.ratio) == (Decimal("12345678901234567890.12"), 0.1)


class Crossed(BaseModel):
    gate: str = Field(alias="name")
    name: str = Field(alias="title")


class OldName(BaseModel):
    gate: str = Field(validation_alias=AliasChoices("gate", "barrier"))


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    lane: int


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    inner: Inner
    inners: list[Inner] = []
    by_road: dict[str, Inner] = {}


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    lane: int


class Computed(BaseModel):
    lane: int

    @computed_field
    def next(self) -> int:
        return self.lane + 1


class ComputedAmongOthers(Computed):
    model_config = ConfigDict(extra="allow")

    @computed_field(alias="afterNext")
    def after_next(self) -> int:
        return self.lane + 2


class OfComputed(BaseModel):
    inner: ComputedAmongOthers
    inners: list[ComputedAmongOthers] = []


class Root(RootModel[dict[str, int]]):
    pass


class OfRoot(BaseModel):
    root: Root


STRICT = {
    "inner": {"lane": 1, "x": 1},
    "inners": [{"lane": 1, "y": 2}, {"lane": 2}],
    "by_road": {"AYE": {"lane": 2, "z": 3}},
    "w": 4,
}


@pytest.mark.parametrize(
    ("type_", "stored", "unknown"),
    [
        (Crossed, {"name": "Tuas", "title": "AYE", "gate": "another's"}, {"gate": "another's"}),
        (OldName, {"gate": "Tuas", "x": 1}, {"x": 1}),
        (Strict, {"inner": {"lane": 1}, "inners": [], "by_road": {}}, {}),
        (Strict, STRICT, None),
        (Open, {"lane": 1, "x": [1, {"y": 2}]}, {}),
        (Computed, {"lane": 1, "next": 2, "x": 3}, {"x": 3}),
        (OfRoot, {"root": {"a": 1}}, {}),
    ],
)  # fmt: skip
def test_what_is_read_is_sent_again(type_: Any, stored: Any, unknown: Any) -> None:
    details, again = echoed(type_, stored)
    assert again == stored
    assert unknown is None or details.unknown == unknown


def test_a_field_that_was_read_by_an_old_name_is_written_by_the_new_one() -> None:
    assert echoed(OldName, {"barrier": "Tuas"}) == (Details(OldName(gate="Tuas")), {"gate": "Tuas"})


def test_fields_that_are_computed_are_no_others() -> None:
    one = ComputedAmongOthers(lane=1, x=3)
    assert back(one) == Details(one)
    value = OfComputed(inner=one, inners=[one])
    codecs = codecs_for(OfComputed)
    details, again = echoed(OfComputed, codecs.metadata_of("toll", "ADD", value))
    assert again["inners"] == [{"lane": 1, "next": 2, "afterNext": 3, "x": 3}]
    details.value.inner.lane = 5
    again = codecs.metadata_of("toll", "ADD", details)
    assert again["inner"] == {"lane": 5, "next": 6, "afterNext": 7, "x": 3}


class Forbidding(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)
    gate_name: str

    @classmethod
    def model_validate_json(cls, json_data: Any) -> Any:
        """As before 2.12: it can be told nothing of what to do with others."""
        return super().model_validate_json(json_data)


def test_a_model_that_forbids_others_is_read_without_them() -> None:
    details, again = echoed(Forbidding, {"gate_name": "Tuas", "x": 1})
    assert (details, again) == (
        Details(Forbidding(gate_name="Tuas"), {"x": 1}), {"gateName": "Tuas", "x": 1}
    )  # fmt: skip


@pydantic_dataclass(config=ConfigDict(populate_by_name=True))
class Barrier:
    barrier_kind: str = Field(alias="barrierKind")


class Named(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)
    old_name: OldName
    old_names: list[OldName] = []
    by_road: dict[str, tuple[OldName, ...]] = {}
    root: RootModel[list[OldName]] | None = None
    barrier: Barrier | None = None


class OfNamed(BaseModel):
    named: Named


def test_within_it_too_an_old_name_is_not_kept_beside_the_new_one() -> None:
    old = [{"barrier": "Tuas", "x": 1}]
    stored = {
        "old_name": old[0], "old_names": old, "oldNames": old, "byRoad": {"AYE": old}, "root": old,
        "barrier": {"barrier_kind": "boom", "x": 2}, "y": 3,
    }  # fmt: skip
    details, again = echoed(OfNamed, {"named": stored})
    new = [{"gate": "Tuas", "x": 1}]
    assert again["named"] == {
        "oldName": new[0], "oldNames": new, "byRoad": {"AYE": new}, "root": new,
        "barrier": {"barrierKind": "boom", "x": 2}, "y": 3,
    }  # fmt: skip
    details.value.named.old_name.gate = "Woodlands"
    again = codecs_for(OfNamed).metadata_of("toll", "ADD", details)
    assert again is not None
    assert again["named"]["oldName"] == {"gate": "Woodlands", "x": 1}


class NewNameLast(BaseModel):
    gate: str = Field(validation_alias=AliasChoices("barrier", "gate"))


class OfNewNameLast(BaseModel):
    inner: NewNameLast


@pytest.mark.parametrize(
    ("type_", "wrap"), [(NewNameLast, dict), (OfNewNameLast, lambda inner: {"inner": inner})]
)
def test_an_old_name_that_is_read_first_does_not_win_over_what_is_written(type_: Any, wrap: Any) -> None:
    details, again = echoed(type_, wrap({"barrier": "Tuas", "gate": "stale"}))
    assert again == wrap({"gate": "Tuas"})
    assert details.unknown == {}


def test_an_open_model_keeps_what_it_was_given() -> None:
    value = Open(lane=1, x=2)
    assert back(value) == Details(value)
    for version in (1, 2, "x"):  # it is read as the version of the type
        with pytest.raises(CodecError):
            codecs_for(Open).metadata_of("toll", "ADD", Open(lane=1, _version=version))


class WrittenOtherwise(BaseModel):
    lane: int = Field(default=0, serialization_alias="row")


class ReadOtherwise(BaseModel):
    lane: int = Field(default=0, validation_alias="row")


class ReadFromWithin(BaseModel):
    lane: int = Field(validation_alias=AliasChoices("lane", AliasPath("lanes", 0)))


class TwoOfAName(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    gate: str = Field(alias="name")
    name: str = Field(alias="title")


class OfPydantic1(v1.BaseModel):
    lane: int


class Versioned(BaseModel):
    version: int = Field(alias="_version")


class Dangling(BaseModel):
    of: Nowhere  # noqa: F821


@pytest.mark.parametrize(
    ("type_", "says"),
    [
        (WrittenOtherwise, "lane is written as 'row', and read as"),
        (ReadOtherwise, "lane is written as 'lane', and read as"),
        (ReadFromWithin, "read from within others"),
        (TwoOfAName, "two fields that 'name' is read as"),
        (Root, "RootModel"),
        (OfPydantic1, "a model of pydantic 1: pydantic 2.0 or later is needed"),
        (Versioned, "_version"),
        (Dangling, "Nowhere"),
    ],
)
def test_a_model_that_could_not_be_read_is_refused_at_once(type_: Any, says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        codecs_for(type_)


class A(BaseModel):
    digits: int


class B(BaseModel):
    digits: int


class Choices(BaseModel):
    of: A | B | None = None
    day: date | str = ""
    kind: Literal["a"] | Ratio = "a"
    number: float | int = 0
    anything: Any = None
    hidden: str = Field(default="", exclude=True)
    inner: WrittenOtherwise | None = None


@pytest.mark.parametrize(
    "value",
    [
        Choices(of=A(digits=1)),
        Choices(day="noon"),
        Choices(kind=Ratio.TENTH),
        Choices(number=1.0),
        Choices(number=1),
    ],
    ids=str,
)
def test_a_choice_comes_back(value: Choices) -> None:
    assert repr(back(value).value) == repr(value)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (Choices(of=B(digits=1)), "it.of is the B"),
        (Choices(number=float("nan")), "not JSON compliant"),
        (Choices(number=float("inf")), "not JSON compliant"),
        (Choices(anything=(1,)), "the tuple"),
        (Choices(anything=Decimal(1)), "the Decimal"),
        (Choices(hidden="x"), "it.hidden is the str 'x'"),
        (Choices(inner=WrittenOtherwise(lane=5)), "it.inner.lane is the int 5 and would be the int 0"),
    ],
    ids=lambda value: "",
)
def test_what_would_come_back_as_another_is_not_sent(value: Choices, says: str) -> None:
    with pytest.raises(CodecError, match=says):
        codecs_for(Choices).metadata_of("toll", "ADD", value)


@dataclass
class Seen:
    roads: set[str]


class Sets(BaseModel):
    seen: Seen
    root: RootModel[set[str]]
    roads: set[str] = Field(alias="onRoads")
    within: list[dict[str, frozenset[str]]] = []


def test_a_set_is_written_in_one_order() -> None:
    """Python gives it another in another process, and the same change would be another."""
    names = {f"road {number}" for number in range(10, 60)}
    value = Sets(onRoads=names, within=[{"a": frozenset(names)}], seen=Seen(names), root=names)
    assert codecs_for(Sets).metadata_of("toll", "ADD", value) == {
        "onRoads": sorted(names),
        "within": [{"a": sorted(names)}],
        "seen": {"roads": sorted(names)},
        "root": sorted(names),
    }
    assert back(value) == Details(value)


class Numbers(BaseModel):
    decimal_or_int: Decimal | int = 0
    decimal_or_float: Decimal | float = 0.0
    anything: dict[str, Any] = {}


@pytest.mark.parametrize("number", [1, Decimal(1), Decimal("1.5")])
def test_a_number_of_a_choice_is_told(number: Any) -> None:
    value = Numbers(decimal_or_int=number)
    assert repr(back(value).value) == repr(value)


@pytest.mark.parametrize("number", [1.5, Decimal(1), Decimal("1.5")])
def test_a_float_is_told_from_a_decimal(number: Any) -> None:
    value = Numbers(decimal_or_float=number)
    assert repr(back(value).value) == repr(value)


def test_a_number_of_any_type_is_a_float() -> None:
    assert back(Numbers(anything={"a": 1.5})).value == Numbers(anything={"a": 1.5})
    with pytest.raises(CodecError, match="the Decimal"):
        codecs_for(Numbers).metadata_of("toll", "ADD", Numbers(anything={"a": Decimal("1.5")}))


class Timed(BaseModel):
    lane: int
    _seen: int = 0


def test_a_private_attribute_is_no_field() -> None:
    value = Timed(lane=1)
    value._seen = 5
    assert back(value).value._seen == 0
