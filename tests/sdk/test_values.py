"""Changes, events and results as values: nobody changes them, and they go into sets and to other processes."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pytest
from farehistory_client import ANY, CodecError, Codecs, Details
from farehistory_client.testing import FakeServer, fare_event

from tests.sdk.builders import price, toll


def codecs_for(type_: type, **options: Any) -> Codecs:
    codecs = Codecs()
    codecs.register(type_, component="toll", **options)
    return codecs


@dataclass
class Toll:
    gate: str
    cents: int


@dataclass
class Mutable:
    gate: str
    lanes: list[int]


@pytest.mark.parametrize(
    ("metadata", "lanes_of"),
    [
        ({"gate": "Tuas", "lanes": [1]}, lambda given: given["lanes"]),
        (MappingProxyType({"gate": "Tuas", "lanes": [1]}), lambda given: given["lanes"]),
        ({"gates": [MappingProxyType({"lanes": [1]})]}, lambda given: given["gates"][0]["lanes"]),
        (Mutable("Tuas", [1]), lambda given: given.lanes),
        (Details(Mutable("Tuas", [1])), lambda given: given.value.lanes),
        (Details(Mutable("Tuas", [1]), {"axles": [1]}), lambda given: given.unknown["axles"]),
    ],
    ids=["dict", "read-only", "read-only in a list", "object", "details", "unknown"],
)
def test_a_change_stays_as_it_was_made(metadata: Any, lanes_of: Callable[[Any], list[int]]) -> None:
    """The same again is the same: another body under its transaction id would be refused."""
    server = FakeServer()
    with server.client(codecs=codecs_for(Mutable)) as fares:
        fares.append("BK-1", price(), expected_version=0)
        change = toll(metadata=metadata)
        lanes_of(metadata).append(2)
        first = fares.append("BK-1", change, expected_version=ANY)
        lanes_of(metadata).append(3)
        again = fares.append("BK-1", change, expected_version=ANY)
    assert again.replayed
    assert again.event == first.event
    assert "[1]" in str(first.event.metadata)


def test_an_event_goes_to_another_process_with_its_details() -> None:
    """A function that is no module's cannot be pickled, nor can codecs that have one."""
    codecs = codecs_for(Toll, version=2, upcasts={1: lambda old: {"gate": old.pop("name"), **old}})
    server = FakeServer()
    server.append(
        "BK-1", price(), toll(metadata={"name": "Tuas", "cents": 500, "lane": 1}), toll(metadata={"x": 1})
    )
    with server.client(codecs=codecs) as fares:
        _, read, unreadable = fares.history("BK-1").events
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(codecs)
    for copied in (pickle.loads(pickle.dumps(read)), copy.deepcopy(read)):
        assert copied == read
        assert copied.details == read.details == Details(Toll("Tuas", 500), {"lane": 1})
    for _ in range(2):
        with pytest.raises(CodecError) as error:
            _ = pickle.loads(pickle.dumps(unreadable)).details
        assert error.value.metadata == {"x": 1}
    plain = fare_event(metadata={"gate": "Tuas"})
    assert pickle.loads(pickle.dumps(plain)) == plain
    assert pickle.loads(pickle.dumps(plain)).details is None


def test_results_can_be_kept_in_sets() -> None:
    server = FakeServer()
    with server.client() as fares:
        appended = fares.append("BK-1", change := price(metadata={"gate": "Tuas"}), expected_version=0)
        assert len({appended.event, fares.event("BK-1", 1)}) == 1
        for make in (
            lambda: fares.fare("BK-1", strong=True),
            lambda: fares.history("BK-1"),
            lambda: fares.diff("BK-1", 0, 1),
            lambda: next(iter(fares.feed_pages(until_caught_up=True))),
            lambda: Details(("Tuas",), {"lane": 1}),
            lambda: copy.copy(change),
        ):
            assert len({make(), make()}) == 1
    with pytest.raises(TypeError, match="Toll"):
        hash(Details(Toll("Tuas", 5)))
