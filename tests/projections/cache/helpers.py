"""Words for tests of the cache."""

from __future__ import annotations

import json
from collections.abc import Callable

from events.partitions import partition_of
from projections import cache, queries, runner
from projections.cache import Document, link, stamps
from projections.cache.entries import Value, key_of, parsed
from projections.projectors import projector


def view_moves(booking: str) -> None:
    runner.drain(projector("current_fare"), [partition_of(booking)])


def cache_follows(booking: str) -> None:
    runner.drain(projector("fare_cache"), [partition_of(booking)])


def projected(booking: str) -> str:
    view_moves(booking)
    cache_follows(booking)
    return booking


def version_read(booking: str, **how: int) -> int:
    """By an eventual read."""
    version: int = json.loads(queries.fare_document(booking, **how).body)["version"]
    return version


def cached(booking: str) -> int | None:
    """The version that would be read from the cache."""
    entry, published = link.client().mget(key_of(booking), stamps.key())
    if published is None:
        return None
    found = parsed(entry, stamps.in_force(published))
    return found.version if isinstance(found, Value) else None


class Loads:
    """What reads of a booking take from PostgreSQL, counted."""

    def __init__(self, booking: str, before: Callable[[], None] = lambda: None) -> None:
        self.booking = booking
        self.count = 0
        self._before = before

    def __call__(self) -> Document:
        self.count += 1
        self._before()
        found = queries.documents_in_view(partition_of(self.booking), [self.booking])
        return found[self.booking]

    def read(self) -> Document:
        return cache.read(self.booking, 0, self)
