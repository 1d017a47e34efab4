"""Metadata as objects of a type: what goes in comes out, whatever else stands there."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

import msgspec
import pytest
from farehistory_client import ANY, Change, CodecError, Codecs, Details, _json
from farehistory_client.testing import FakeServer, fare_event
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sdk.builders import price, toll

try:
    import pydantic
except ImportError:
    pydantic = None  # type: ignore[assignment]


class Lane(Enum):
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True)
class Gate:
    name: str
    opened_on: date | None = None


@dataclass(frozen=True)
class AsDataclass:
    gate: Gate
    price: Decimal
    count: int
    ratio: float
    is_night: bool
    at: datetime
    id: UUID
    lane: Lane
    kind: Literal["car", "van"]
    note: str | None = None
    tags: tuple[str, ...] = ()
    by_hour: Mapping[int, Decimal] = field(default_factory=dict)
    gates: list[Gate] = field(default_factory=list)
    pair: tuple[int, str] = (0, "")


class StructGate(msgspec.Struct, frozen=True):
    name: str
    opened_on: date | None = None


class AsStruct(msgspec.Struct, frozen=True, rename="camel", tag="toll"):
    gate: StructGate
    price: Decimal
    count: int
    ratio: float
    is_night: bool
    at: datetime
    id: UUID
    lane: Lane
    kind: Literal["car", "van"]
    note: str | None = None
    tags: tuple[str, ...] = ()
    by_hour: dict[int, Decimal] = {}
    gates: list[StructGate] = []
    pair: tuple[int, str] = (0, "")


if pydantic is not None:

    class ModelGate(pydantic.BaseModel, frozen=True):
        name: str
        opened_on: date | None = None

    class AsModel(pydantic.BaseModel, frozen=True):
        gate: ModelGate
        price: Decimal
        count: int
        ratio: float
        is_night: bool = pydantic.Field(alias="isNight")
        at: datetime
        id: UUID
        lane: Lane
        kind: Literal["car", "van"]
        note: str | None = None
        tags: tuple[str, ...] = ()
        by_hour: dict[int, Decimal] = {}
        gates: list[ModelGate] = []
        pair: tuple[int, str] = (0, "")


without_pydantic = pytest.mark.skipif(pydantic is None, reason="pydantic is not installed here")
of_each_kind = pytest.mark.parametrize(
    "kind", ["AsDataclass", "AsStruct", pytest.param("AsModel", marks=without_pydantic)]
)
GATES = {"AsDataclass": "Gate", "AsStruct": "StructGate", "AsModel": "ModelGate"}
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=3)
whole_or_not = decimals | st.integers(-(10**15), 10**15).map(Decimal)
scalars = st.none() | st.booleans() | texts | st.integers(-(10**20), 10**20)
items = scalars | st.lists(scalars, max_size=3) | st.dictionaries(texts, scalars, max_size=3)
unknown = st.dictionaries(texts.map(lambda text: f"x{text}"), items, max_size=4)
some = settings(max_examples=50)


@st.composite
def values(draw: st.DrawFn, kind: str) -> Any:
    gates = st.builds(globals()[GATES[kind]], name=texts, opened_on=st.none() | st.dates())
    night = "isNight" if kind == "AsModel" else "is_night"
    fields = {
        "gate": gates,
        "price": whole_or_not,
        "count": st.integers(-(2**63), 2**63 - 1),
        "ratio": st.floats(allow_nan=False, allow_infinity=False),
        night: st.booleans(),
        "at": st.datetimes(timezones=st.just(UTC)),
        "id": st.uuids(),
        "lane": st.sampled_from(Lane),
        "kind": st.sampled_from(["car", "van"]),
        "note": st.none() | texts,
        "tags": st.lists(texts, max_size=3).map(tuple),
        "by_hour": st.dictionaries(st.integers(0, 23), whole_or_not, max_size=3),
        "gates": st.lists(gates, max_size=2),
        "pair": st.tuples(st.integers(0, 9), texts),
    }
    return globals()[kind](**{name: draw(strategy) for name, strategy in fields.items()})


def over_the_wire(metadata: Any) -> Any:
    return _json.loads(_json.dumps(metadata))


def codecs_for(type_: type, **options: Any) -> Codecs:
    codecs = Codecs()
    codecs.register(type_, component="toll", **options)
    return codecs


@of_each_kind
@some
@given(st.data())
def test_a_value_comes_back_as_it_was(kind: str, data: st.DataObject) -> None:
    value = data.draw(values(kind))
    codecs = codecs_for(type(value))
    details = codecs.details_of("toll", "ADD", over_the_wire(codecs.metadata_of("toll", "ADD", value)))
    assert details == Details(value)


@of_each_kind
@some
@given(st.data(), unknown, unknown)
def test_what_the_type_does_not_know_survives(
    kind: str, data: st.DataObject, beside: Any, within: Any
) -> None:
    value = data.draw(values(kind))
    codecs = codecs_for(type(value))
    written = dict(codecs.metadata_of("toll", "ADD", value) or {})
    stored = {**written, **beside, "gate": {**written["gate"], **within}}
    details = codecs.details_of("toll", "ADD", over_the_wire(stored))
    assert details is not None
    assert details.value == value
    assert over_the_wire(codecs.metadata_of("toll", "ADD", details)) == over_the_wire(stored)
    assert over_the_wire(codecs.metadata_of("toll", "ADD", details.having(value))) == over_the_wire(stored)


@some
@given(st.text(), st.dictionaries(st.text(), scalars))
def test_metadata_that_cannot_be_read_is_kept(name: str, metadata: Any) -> None:
    codecs = codecs_for(AsDataclass)
    with pytest.raises(CodecError) as error:
        codecs.details_of("toll", "ADD", {**metadata, "count": name})
    assert error.value.metadata == {**metadata, "count": name}
    assert pickle.loads(pickle.dumps(error.value)).metadata == error.value.metadata


@dataclass
class Toll:
    gate: str
    cents: int
    lanes: int = 1


UPCASTS = {
    1: lambda old: {"gate": old.pop("name"), **old},
    2: lambda old: {"cents": int(Decimal(old.pop("price")) * 100), **old},
}


@some
@given(texts, st.integers(0, 10**9), unknown)
def test_events_of_every_version_load(name: str, cents: int, beside: Any) -> None:
    codecs = codecs_for(Toll, version=3, upcasts=UPCASTS)
    price = str(Decimal(cents) / 100)
    for stored in (
        {"name": name, "price": price},
        {"_version": 2, "gate": name, "price": price},
        {"_version": 3, "gate": name, "cents": cents},
    ):
        details = codecs.details_of("toll", "ADD", over_the_wire({**stored, **beside}))
        assert details is not None
        assert details.value == Toll(name, cents)
        assert details.unknown == over_the_wire(beside)
        written = codecs.metadata_of("toll", "ADD", details)
        assert written == {"_version": 3, "gate": name, "cents": cents, "lanes": 1, **over_the_wire(beside)}


def test_a_later_version_is_read_as_far_as_it_is_known_and_stays_one() -> None:
    codecs = codecs_for(Toll, version=3, upcasts=UPCASTS)
    stored = {"_version": 5, "gate": "Tuas", "cents": 500, "lanes": 2, "axles": 3}
    details = codecs.details_of("toll", "ADD", stored)
    assert details is not None
    assert details.value == Toll("Tuas", 500, 2)
    assert codecs.metadata_of("toll", "ADD", details.having(Toll("Tuas", 700, 2))) == {**stored, "cents": 700}


@pytest.mark.parametrize("version", [0, -1, True, "2", None, Decimal("1.5")])
def test_a_version_that_is_none_is_said(version: Any) -> None:
    with pytest.raises(CodecError):
        codecs_for(Toll).details_of("toll", "ADD", {"_version": version, "gate": "Tuas", "cents": 5})


def test_what_is_written_wins_over_what_was_unknown() -> None:
    """As where a struct left out its default, and has another value now."""

    class Sparse(msgspec.Struct, omit_defaults=True):
        cents: int
        gate: str = "none"

    codecs = codecs_for(Sparse)
    details = Details(Sparse(5, "Tuas"), {"gate": "none", "cents": 0, "lane": 2})
    assert codecs.metadata_of("toll", "ADD", details) == {"gate": "Tuas", "cents": 5, "lane": 2}
    read = codecs.details_of("toll", "ADD", {"cents": 5, "gate": "none"})
    assert read == Details(Sparse(5)), "it is known, though it is not written"


def test_the_codec_of_an_event_is_the_closest() -> None:
    @dataclass
    class Any_:
        lane: int

    @dataclass
    class OfToll(Any_):
        pass

    @dataclass
    class OfTollAdded(Any_):
        pass

    codecs = Codecs()
    codecs.register(Any_, event_type="ADD")
    codecs.register(OfToll, component="toll")
    codecs.register(OfTollAdded, component="toll", event_type="ADD")
    stored = {"lane": 1}
    places = (("toll", "ADD"), ("toll", "SUB"), ("promo", "ADD"))
    found = [codecs.details_of(*place, stored) for place in places]
    assert [type(each.value) for each in found if each] == [OfTollAdded, OfToll, Any_]
    assert codecs.details_of("promo", "SUB", stored) is None
    assert codecs.details_of("toll", "ADD", None) is None, "it was erased"


def test_what_would_be_read_as_another_type_or_as_none_is_not_sent() -> None:
    codecs = Codecs()
    codecs.register(Toll, component="toll")
    codecs.register(Gate, event_type="SET")
    server = FakeServer()
    with server.client(codecs=codecs) as fares:
        fares.append("BK-1", price(metadata=Gate("Tuas")), expected_version=0)
        for change, says in (
            (Change.add("tol", 1, metadata=Toll("Tuas", 5)), "Toll is no metadata of ADD tol: no codec"),
            (toll(metadata=Gate("Tuas")), "Gate is no metadata of ADD toll: it is read as Toll"),
            (toll(metadata=Details(Gate("Tuas"), {"x": 1})), "Gate is no metadata of ADD toll"),
            (Change.set("toll", 1, currency="SGD", metadata=Gate("Tuas")), "of SET toll: it is read as Toll"),
        ):
            with pytest.raises(CodecError, match=says):
                fares.append("BK-1", change, expected_version=ANY)
            with pytest.raises(CodecError, match=says):
                fares.append_all([("BK-1", change, ANY)])
    assert len(server.events()) == 1
    with pytest.raises(CodecError, match="Gate is no metadata of ADD base_fare"):
        fare_event(type="ADD", codecs=codecs, metadata=Gate("Tuas"))


@dataclass
class Bare:
    pass


class Sparse(msgspec.Struct, omit_defaults=True):
    gate: str = "none"


@pytest.mark.parametrize("type_", [Bare, Sparse, Toll])
def test_an_event_without_metadata_has_no_details(type_: type) -> None:
    server = FakeServer()
    with server.client(codecs=codecs_for(type_)) as fares:
        fares.append("BK-1", price(), expected_version=0)
        event = fares.append("BK-1", toll(), expected_version=1).event
        assert (event.details, event.metadata) == (None, {})


@pytest.mark.parametrize("value", [Bare(), Sparse()])
def test_an_object_that_would_be_no_metadata_is_not_sent(value: Any) -> None:
    codecs = codecs_for(type(value))
    with pytest.raises(CodecError, match=r"would be \{\}, as of an event without metadata"):
        codecs.metadata_of("toll", "ADD", value)
    assert codecs.metadata_of("toll", "ADD", Details(value, {"x": 1})) == {"x": 1}
    later = codecs_for(type(value), version=2, upcasts={1: dict})
    assert later.metadata_of("toll", "ADD", value) == {"_version": 2}
    assert later.details_of("toll", "ADD", {"_version": 2}) == Details(value)


def broken(metadata: Any) -> Any:
    return {"gate": metadata["name"]}


@pytest.mark.parametrize(
    ("upcast", "says"),
    [
        (broken, r"no Toll of version 1: the upcast of version 2 raised KeyError\('name'\)"),
        (
            lambda metadata: metadata.update(cents=5),
            "no Toll of version 1: the upcast of version 2 gave None",
        ),
    ],
)
def test_an_upcast_that_fails_is_said(upcast: Any, says: str) -> None:
    codecs = codecs_for(Toll, version=3, upcasts={1: dict, 2: upcast})
    with pytest.raises(CodecError, match=says):
        codecs.details_of("toll", "ADD", {"gate": "Tuas"})


def test_an_upcast_may_give_any_mapping() -> None:
    codecs = codecs_for(Toll, version=2, upcasts={1: lambda old: MappingProxyType({"cents": 5, **old})})
    assert codecs.details_of("toll", "ADD", {"gate": "Tuas"}) == Details(Toll("Tuas", 5))


def test_mistakes_are_said_when_a_type_is_registered() -> None:
    class Listed(msgspec.Struct, array_like=True):
        a: int

    Versioned = msgspec.defstruct("Versioned", [("_version", int)])
    for wrong in (int, Listed, "Toll", list[int]):
        with pytest.raises(TypeError):
            codecs_for(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        codecs_for(Versioned)
    with pytest.raises(ValueError):
        codecs_for(Toll, version=3, upcasts={1: dict})
    with pytest.raises(ValueError):
        Codecs().register(Toll)
    for place in (
        {"component": "Toll Fee"}, {"component": ""}, {"component": "toll\n"}, {"component": "t" * 49},
        {"event_type": "add"}, {"event_type": ""}, {"component": "toll", "event_type": "ADJUST"},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"no component is named|event_type is one of SET, ADD, SUB"):
            Codecs().register(Toll, **place)  # type: ignore[arg-type]
    codecs = codecs_for(Toll)
    with pytest.raises(ValueError):
        codecs.register(Gate, component="toll")
    with pytest.raises(TypeError):
        codecs.metadata_of("toll", "ADD", Gate("Tuas"))


def test_an_event_carries_its_details_from_the_append_to_the_feed() -> None:
    codecs = codecs_for(Toll)
    server = FakeServer()
    with server.client(codecs=codecs) as fares:
        fares.append("BK-1", price(), expected_version=0)
        appended = fares.append("BK-1", toll(metadata=Toll("Tuas", 500)), expected_version=1)
        again = fares.append("BK-1", toll(metadata=appended.event.details), expected_version=2)
        assert [event.details for event in fares.feed(until_caught_up=True)] == [
            None, Details(Toll("Tuas", 500)), again.event.details
        ]  # fmt: skip


def test_an_event_that_cannot_be_read_does_not_take_its_page_along() -> None:
    """It is set aside where it is looked at; and whoever appended it has its answer."""
    codecs = codecs_for(Toll)
    server = FakeServer()
    server.append("BK-1", price(), toll(metadata={"gate": 7}), toll(metadata={"gate": "Tuas", "cents": 5}))
    set_aside, handled = [], []
    with server.client(codecs=codecs) as fares:
        for event in fares.feed(until_caught_up=True):
            try:
                handled.append(event.details and event.details.value)
            except CodecError as error:
                set_aside.append((event.version, error.metadata))
        assert fares.append("BK-1", toll(metadata={"lanes": 1}), expected_version=ANY).event.version == 4
    assert handled == [None, Toll("Tuas", 5)]
    assert set_aside == [(2, {"gate": 7})]


def test_a_change_without_a_codec_has_plain_metadata() -> None:
    event = fare_event(metadata={"gate": "Tuas"})
    assert (event.details, event.metadata) == (None, {"gate": "Tuas"})
    assert json.dumps(dict(event.metadata or {})) == '{"gate": "Tuas"}'
    assert Change.add("toll", 5).amount == Decimal(5)
