"""Whether events are what their hashes say: computed anew from the documented text, one by one.

A check of one event proves it against the event before it in its log, not the whole chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from events import chain
from events.event import FareEvent
from events.sql import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class HashCheck:
    """An event's hash as it is stored and as it ought to be."""

    previous: bytes | None
    """The hash before it in its log; None: the event before it is missing."""
    stored: bytes
    computed: bytes | None
    """From the hash before it and what the event says."""
    content_matches: bool | None
    """Whether actor, description and metadata are those that the hash covers; None: they were erased."""

    @property
    def holds(self) -> bool:
        return self.computed == self.stored and self.content_matches is not False


def check_hashes(events: Sequence[FareEvent]) -> dict[int, HashCheck]:
    """The checks of events of one booking, by version. Read anew: an event that is gone meanwhile has none."""
    if not events:
        return {}
    asked: dict[str, Any] = {
        "partition": events[0].partition,
        "positions": [event.position for event in events],
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("hashed_events"), asked)
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {row["version"]: _check(row) for row in rows}


def _check(row: Mapping[str, Any]) -> HashCheck:
    previous = chain.GENESIS if row["position"] == 1 else row["previous_hash"]
    return HashCheck(
        previous=None if previous is None else bytes(previous),
        stored=bytes(row["hash"]),
        computed=None if previous is None else chain.event_hash(bytes(previous), row),
        content_matches=_content_matches(row),
    )


def _content_matches(row: Mapping[str, Any]) -> bool | None:
    if row["metadata"] is None:  # erased, and then all three of them are
        return None if row["actor"] is None and row["description"] is None else False
    digest = chain.content_digest(
        salt=bytes(row["salt"]),
        actor=row["actor"],
        description=row["description"],
        metadata=row["metadata"],
    )
    return digest == bytes(row["content_digest"])
