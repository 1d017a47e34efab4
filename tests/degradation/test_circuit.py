"""One slow statement refuses nobody; a silent server is tried by one caller at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.errors import ConnectionTimeout

from farehistory.database import circuit as circuits
from farehistory.database.circuit import Circuit, NoAnswer


@pytest.fixture
def circuit() -> Circuit:
    return Circuit()


@pytest.fixture
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuits, "REST_SECONDS", 0)


def connects(circuit: Circuit) -> bool:
    """A connection that is made at once; whether it had to be proven."""
    with circuit.connecting() as to_be_proven:
        return to_be_proven


def fails(circuit: Circuit, error: psycopg.Error) -> None:
    with pytest.raises(type(error)), circuit.connecting():
        raise error


@pytest.fixture
def tried(circuit: Circuit) -> Iterator[threading.Event]:
    """In doubt, and somebody tries until the event is set; he is answered then."""
    trying, goes_on = threading.Event(), threading.Event()

    def run() -> None:
        with circuit.connecting():
            trying.set()
            goes_on.wait(10)

    circuit.doubt()
    thread = threading.Thread(target=run)
    thread.start()
    trying.wait(10)
    yield goes_on
    goes_on.set()
    thread.join()


def test_while_all_is_well_nothing_is_proven(circuit: Circuit) -> None:
    assert not connects(circuit)


def test_after_a_statement_without_an_answer_the_next_connection_is_proven_and_ends_the_doubt(
    circuit: Circuit,
) -> None:
    circuit.doubt()
    assert connects(circuit)
    assert not connects(circuit)


def test_after_a_connection_that_could_not_be_had_nobody_tries_for_a_moment(circuit: Circuit) -> None:
    fails(circuit, ConnectionTimeout())
    with pytest.raises(NoAnswer):
        connects(circuit)


def test_after_that_moment_one_tries_again(circuit: Circuit, no_rest: None) -> None:
    fails(circuit, ConnectionTimeout())
    fails(circuit, NoAnswer())  # accepted by a pooler, and then silent
    assert connects(circuit)
    assert not connects(circuit)


def test_a_server_that_refuses_has_answered(circuit: Circuit) -> None:
    circuit.doubt()
    fails(circuit, psycopg.OperationalError("too many connections"))
    assert not connects(circuit)


def test_others_are_refused_while_one_tries(circuit: Circuit, tried: threading.Event) -> None:
    with pytest.raises(NoAnswer):
        connects(circuit)
    with pytest.raises(NoAnswer):
        connects(circuit)


def test_who_comes_while_one_tries_waits_for_an_answer_that_comes_soon(
    circuit: Circuit, tried: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuits, "PATIENCE_SECONDS", 10)
    threading.Timer(0.05, tried.set).start()
    assert not connects(circuit)
