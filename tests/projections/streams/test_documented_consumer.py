"""The consumer of docs/streams.md, run as it stands there."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from events import feed
from events.partitions import count
from projections.streams.connection import client, key_of
from tests.projections.streams.helpers import booking_with, more, sweep

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "streams.md"
CODE = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def consume() -> Callable[..., None]:
    assert CODE is not None
    names: dict[str, Any] = {}
    exec(compile(CODE[1], str(DOCUMENT), "exec"), names)
    found: Callable[..., None] = names["consume"]
    return found


class Handler:
    """Keeps what it is given; breaks off at an event that it is told to die of."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self.dies_at = dies_at

    def __call__(self, event: dict[str, Any]) -> None:
        if event["position"] == self.dies_at:
            raise ZeroDivisionError
        self.events.append(event)

    def positions(self, partition: int) -> list[int]:
        return [event["position"] for event in self.events if event["partition"] == partition]


def all_streams() -> list[str]:
    return [key_of(partition) for partition in range(count())]


def until_idle(handler: Handler, partition: int) -> Callable[[], bool]:
    """Ends once the handler has had the partition's last event."""
    return lambda: feed.head(partition) in handler.positions(partition)


def test_it_is_given_every_event_once_and_in_order(consume: Callable[..., None]) -> None:
    booking, partition = booking_with(3)
    sweep()
    handler = Handler()
    consume(client(), all_streams(), "loyalty", "one", handler, until=until_idle(handler, partition))
    more(booking, 2)
    sweep()
    consume(client(), all_streams(), "loyalty", "one", handler, until=until_idle(handler, partition))
    assert handler.positions(partition) == list(range(1, feed.head(partition) + 1))
    assert [e["data"]["version"] for e in handler.events if e["subject"] == booking] == [1, 2, 3, 4, 5]


def test_a_consumer_that_is_started_again_begins_with_what_it_had_not_acknowledged(
    consume: Callable[..., None],
) -> None:
    _, partition = booking_with(4)
    sweep()
    head = feed.head(partition)
    handler = Handler(dies_at=head - 1)
    with pytest.raises(ZeroDivisionError):
        consume(client(), [key_of(partition)], "loyalty", "one", handler, until=lambda: False)
    again = Handler()
    consume(client(), [key_of(partition)], "loyalty", "one", again, until=until_idle(again, partition))
    assert again.positions(partition) == [head - 1, head]
    assert client().xpending(key_of(partition), "loyalty")["pending"] == 0


def test_another_consumer_takes_over_from_one_that_died(consume: Callable[..., None]) -> None:
    _, partition = booking_with(4)
    sweep()
    head = feed.head(partition)
    with pytest.raises(ZeroDivisionError):
        consume(client(), [key_of(partition)], "loyalty", "one", Handler(head - 1), until=lambda: False)
    other = Handler()
    consume(
        client(), [key_of(partition)], "loyalty", "two", other, until=until_idle(other, partition), idle_ms=0
    )
    assert other.positions(partition) == [head - 1, head]


def test_it_waits_for_events_that_come_later(consume: Callable[..., None]) -> None:
    sweep()
    handler = Handler()
    done = threading.Event()
    reader = threading.Thread(
        target=consume,
        args=[client(), all_streams(), "loyalty", "one", handler],
        kwargs={"until": done.is_set},
    )
    reader.start()
    try:
        _, partition = booking_with(2)
        sweep()
        for _ in range(100):
            if feed.head(partition) in handler.positions(partition):
                break
            done.wait(0.1)
    finally:
        done.set()
        reader.join(timeout=10)
    assert handler.positions(partition) == list(range(1, feed.head(partition) + 1))
