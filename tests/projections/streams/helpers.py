"""One partition's stream, as the tests fill it, read it and lose it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from events import feed
from events.partitions import count, partition_of
from projections import runner
from projections.projectors import projector
from projections.projectors.fare_stream import FareStreamProjector
from projections.streams.connection import client, key_of
from tests.builders import add, append, given, set_


def relay() -> FareStreamProjector:
    found = projector("fare_stream")
    assert isinstance(found, FareStreamProjector)
    return found


def sweep() -> None:
    """What beat does every two seconds."""
    runner.drain(relay(), runner.lagging(relay()))


def booking_with(events: int) -> tuple[str, int]:
    """A booking of that many events, and its partition."""
    booking = given(set_("1.00"))
    more(booking, events - 1)
    return booking, partition_of(booking)


def more(booking: str, events: int) -> None:
    for _ in range(events):
        append(booking, add("toll", "0.10", metadata={"trip": "ü 1"}))


def entries(partition: int) -> list[tuple[str, dict[str, Any]]]:
    """The stream's entries: id and CloudEvent."""
    return [
        (entry, msgspec.json.decode(fields["event"])) for entry, fields in client().xrange(key_of(partition))
    ]


def held(partition: int) -> list[int]:
    """The positions in the stream, in its order."""
    found = entries(partition)
    assert all(entry == f"{event['position']}-0" for entry, event in found)
    return [event["position"] for _, event in found]


def holds_all(partition: int, *, after: int = 0) -> bool:
    return held(partition) == list(range(after + 1, feed.head(partition) + 1))


def lose_the_streams() -> None:
    """As a FLUSHALL would, without what other tests keep in the server."""
    client().delete(*(key_of(partition) for partition in range(count())))


def nowhere() -> redis.Redis:
    """A client of a server that is not there."""
    return redis.Redis(unix_socket_path="/nowhere/redis.sock", retry=Retry(NoBackoff(), 0))


def groups_of(partition: int) -> dict[str, str]:
    return {str(g["name"]): str(g["last-delivered-id"]) for g in client().xinfo_groups(key_of(partition))}


@contextmanager
def as_it_was(partition: int) -> Iterator[None]:
    """Afterwards the stream is as it is now: what a server finds whose log missed the last second."""
    key, kept = key_of(partition), f"{key_of(partition)}:kept"
    client().copy(key, kept)
    yield
    client().rename(kept, key)


@contextmanager
def planted_entry(partition: int, *, source: str, epoch: int) -> Iterator[None]:
    """The stream ends with an entry that says this of itself; gone afterwards, and the stream as it was before."""
    key = key_of(partition)
    with as_it_was(partition):
        event = {"source": source, "epoch": epoch, "time": "2026-01-01T00:00:00.000000Z"}
        client().xadd(key, {"event": json.dumps(event)}, id=f"{feed.head(partition) + 1000}-0")
        yield
