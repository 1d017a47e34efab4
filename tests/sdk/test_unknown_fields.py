"""Fields that a type does not know, of objects in lists, dicts and sets: what stays, and with which object."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec
import pytest
from farehistory_client import Codecs, Details, _json
from farehistory_client._forms import form_of
from farehistory_client._sameness import has_objects_in_a_set
from farehistory_client._unknown import beside, left_out
from hypothesis import given
from hypothesis import strategies as st


@dataclass(frozen=True, order=True)
class Gate:
    name: str
    lanes: int = 1


@dataclass(frozen=True, order=True)
class Seen:
    at: datetime
    lane: int = 1


@dataclass
class Trip:
    gates: list[Gate] = field(default_factory=list)
    legs: list[list[Gate]] = field(default_factory=list)
    by_road: dict[str, Gate] = field(default_factory=dict)
    seen: frozenset[Gate] = frozenset()


class TripStruct(msgspec.Struct):
    gates: list[Gate] = []
    legs: list[list[Gate]] = []
    by_road: dict[str, Gate] = {}
    seen: frozenset[Gate] = frozenset()


class Passage(msgspec.Struct):
    lane: float
    at: datetime


@dataclass
class Day:
    on: date


class Passages(msgspec.Struct):
    passages: list[Passage]


def codecs_for(type_: type) -> Codecs:
    codecs = Codecs()
    codecs.register(type_, component="trip")
    return codecs


def read(codecs: Codecs, stored: Any) -> Details[Any]:
    details = codecs.details_of("trip", "ADD", _json.loads(_json.dumps(stored)))
    assert details is not None
    return details


@pytest.mark.parametrize("type_", [Trip, TripStruct])
def test_they_survive_wherever_an_object_is(type_: type) -> None:
    codecs = codecs_for(type_)
    stored = {
        "gates": [{"name": "Tuas", "lanes": 2, "x": 1}, {"name": "Woodlands", "lanes": 1}],
        "legs": [[], [{"name": "A", "lanes": 1, "x": {"y": [1]}}, {"name": "B", "lanes": 1, "y": 2}]],
        "by_road": {"AYE": {"name": "C", "lanes": 1, "x": 3}},
        "seen": [{"name": "E", "lanes": 1, "x": "of E"}, {"name": "D", "lanes": 1, "x": "of D"}],
    }
    written = codecs.metadata_of("trip", "ADD", read(codecs, stored))
    assert written is not None
    assert written["seen"] == sorted(stored["seen"], key=str), (
        "a set is written in one order, each with its own"
    )
    assert {**written, "seen": stored["seen"]} == stored


def test_an_entry_that_is_gone_takes_its_own_along() -> None:
    codecs = codecs_for(Trip)
    stored = {
        "by_road": {"AYE": {"name": "C", "x": 1}, "PIE": {"name": "D", "x": 2}},
        "gates": [{"name": "A", "x": 3}],
    }
    details = read(codecs, stored)
    written = codecs.metadata_of("trip", "ADD", details.having(Trip(by_road={"PIE": Gate("D")})))
    assert written == {
        "gates": [], "legs": [], "seen": [], "by_road": {"PIE": {"name": "D", "lanes": 1, "x": 2}}
    }  # fmt: skip


def test_an_item_that_is_written_in_another_way_is_still_the_same() -> None:
    """5 is 5.0 to a float, and the offset of a time may come as a Z."""
    codecs = codecs_for(Passages)
    stored = [{"lane": 1.0, "at": f"2026-03-0{day}T00:00:00+00:00", "x": day} for day in (1, 2)]
    first, second = read(codecs, {"passages": stored}).value.passages
    details = read(codecs, {"passages": stored})
    written = codecs.metadata_of("trip", "ADD", details.having(Passages([second, first])))
    assert written is not None
    assert [each["x"] for each in written["passages"]] == [2, 1]


@dataclass
class Stops:
    passed: list[Seen]
    of: frozenset[Any]


@pytest.mark.parametrize(
    ("of", "kept"),
    [
        ([], [1, 2]),
        ([1, (2, "b"), frozenset({3})], [1, 2]),
        ([Gate("A")], [None, None]),
        ([(1, Gate("A"))], [None, None]),
    ],
)
def test_a_list_has_places_unless_there_are_objects_in_a_set(of: list[Any], kept: list[Any]) -> None:
    passed = [{"at": f"2026-03-0{day}T00:00:00Z", "lane": 1, "x": day} for day in (1, 2)]
    value = Stops([Seen(datetime.fromisoformat(each["at"])) for each in passed], frozenset(of))
    form = form_of(Stops)
    stored = {**form.dump(value), "passed": passed}
    known = _json.loads(_json.dumps(form.dump(value)))
    left = left_out(stored, known, in_place=not has_objects_in_a_set(value))
    assert [each.get("x") for each in beside(known, left)["passed"]] == kept


@pytest.mark.timeout(10)
def test_as_many_items_as_metadata_can_hold_take_no_time() -> None:
    """In another order, and each written in another way than the type has it."""

    @dataclass
    class Many:
        lanes: set[int]
        days: list[Day]

    codecs = codecs_for(Many)
    stored = {
        "lanes": list(range(5000, 0, -1)),
        "days": [{"on": f"202601{day % 28 + 1:02}"} for day in range(1500)],
    }
    details = read(codecs, stored)
    assert len((codecs.metadata_of("trip", "ADD", details) or {})["lanes"]) == 5000


def test_places_say_nothing_once_an_item_has_moved() -> None:
    """A is gone, B is edited, D is appended: what was of A is not B's, and what was of B not C's."""
    codecs = codecs_for(Trip)
    stored = [{"name": name, "lanes": 1, "x": f"of {name}"} for name in "ABC"]
    after = [Gate("B", 2), Gate("C"), Gate("D")]
    written = codecs.metadata_of("trip", "ADD", read(codecs, {"gates": stored}).having(Trip(after)))
    assert written is not None
    assert [each.get("x") for each in written["gates"]] == [None, "of C", None]


@dataclass
class DayOfSets:
    seen: frozenset[Seen]
    by_road: dict[str, frozenset[Seen]] = field(default_factory=dict)


class DayStruct(msgspec.Struct):
    seen: frozenset[Seen]
    by_road: dict[str, frozenset[Seen]] = {}


def in_set(written: Any) -> list[Any]:
    return [[each.get("x") for each in items] for items in (written["seen"], written["by_road"]["AYE"])]


@pytest.mark.parametrize(("type_", "ours", "other"), [(DayOfSets, "+00:00", "Z"), (DayStruct, "Z", "+00:00")])
def test_in_a_set_nothing_is_given_to_another(type_: type, ours: str, other: str) -> None:
    """It has no places, and is written in an order of its own."""
    codecs = codecs_for(type_)

    def written(offset: str) -> Any:
        items = [{"at": f"2026-03-0{day}T00:00:00{offset}", "lane": 3 - day, "x": day} for day in (2, 1)]
        stored = {"seen": items, "by_road": {"AYE": items}}
        return codecs.metadata_of("trip", "ADD", read(codecs, stored))

    assert in_set(written(ours)) == [[1, 2], [1, 2]]
    assert in_set(written(other)) == [[None, None], [None, None]]


def test_in_a_set_what_left_out_a_default_is_not_taken_for_another() -> None:
    codecs = codecs_for(DayOfSets)
    at = "2026-03-01T00:00:00+00:00"
    stored = {"seen": [{"at": at, "x": "of 1"}, {"at": at, "lane": 0, "x": "of 0"}], "by_road": {"AYE": []}}
    written = codecs.metadata_of("trip", "ADD", read(codecs, stored))
    assert in_set(written)[0] == [None, None]


gates = st.builds(Gate, name=st.sampled_from("ABC"), lanes=st.integers(1, 2))


@given(st.lists(gates, max_size=6), st.data())
def test_an_item_keeps_its_own_if_it_is_unchanged_or_in_its_place(
    before: list[Gate], data: st.DataObject
) -> None:
    """Each has a number of its own, so that none can be taken twice, or by another."""
    after = data.draw(st.permutations(before) | st.lists(gates, max_size=6))
    codecs = codecs_for(Trip)
    stored = [{"name": gate.name, "lanes": gate.lanes, "x": number} for number, gate in enumerate(before)]
    written = codecs.metadata_of("trip", "ADD", read(codecs, {"gates": stored}).having(Trip(after)))
    assert written is not None
    kept = [each.get("x") for each in written["gates"]]
    assert [Gate(each["name"], each["lanes"]) for each in written["gates"]] == after
    assert all(many == 1 for number, many in Counter(kept).items() if number is not None)
    has_moved = any(number not in (None, place) for place, number in enumerate(kept))
    for place, (gate, number) in enumerate(zip(after, kept, strict=True)):
        if number is not None and before[number] != gate:
            assert (number, len(after)) == (place, len(before))
            assert not has_moved
    for gate in set(before):
        unchanged = [
            number for each, number in zip(after, kept, strict=True) if each == gate and number is not None
        ]
        own = [number for number in unchanged if before[number] == gate]
        assert len(own) == min(before.count(gate), after.count(gate))
    if len(after) == len(before) and not has_moved:
        assert all(number is not None or place in kept for place, number in enumerate(kept))
