"""How much happens in the ledger: events and changed fares since an instant, at a cost that no ledger's size raises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from events import feed
from events.feed import Identity
from projections.sql import statement

LOOKED_AT: Final = 16
"""Events of each partition's log that are looked at, where there are more, to tell how many bookings they are of."""

SETTLED_AFTER: Final = timedelta(minutes=1)
"""What is recorded from now on is later than what lies so far back, even if clocks differ a little."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What happened since an instant."""

    events: int
    fares: int
    """Bookings with such an event."""
    is_exact: bool
    """Whether `fares` was counted; otherwise it is told from a part of the events, to within a few per cent."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """How far a projection is behind the ledger."""

    events: int
    since: datetime | None
    """When the oldest event that it lacks was recorded; None where it lacks none."""


def activity_since(since: datetime) -> Activity:
    """Events recorded from then on, and the bookings that they are of."""
    after = list(positions_before(since).values())
    expected = sum(feed.heads().values()) - sum(after)
    # As many as that may be looked at anyway are all looked at, however they lie.
    most = LOOKED_AT if expected > LOOKED_AT * len(after) else max(expected, LOOKED_AT)
    parameters = {"after": after, "since": since, "most": most}
    [(events, fares, looked_at)] = _rows("fares_changed", parameters)
    return Activity(events, fares, is_exact=looked_at == events)


def events_before(at: datetime) -> int:
    """Events in the ledger that were recorded before an instant."""
    return sum(positions_before(at).values())


def positions_before(at: datetime) -> Mapping[int, int]:
    """Of each partition, in order, the last position that was recorded before an instant; 0 where there is none.

    Of an instant that lies back it stays so, and is looked up once a process: midnights are asked for all day.
    """
    if timezone.now() - at < SETTLED_AFTER:
        return dict(_rows("positions_before", {"at": at}))
    return _settled_positions(feed.identity(), at)


def lacking(projection: str) -> Lacking:
    """How far this projection is behind, by its checkpoints."""
    [(events, since)] = _rows("lacking", {"projection": projection})
    return Lacking(events, since)


@lru_cache(maxsize=32)
def _settled_positions(ledger: Identity, at: datetime) -> Mapping[int, int]:
    """`ledger`: a restore makes another one, with other positions."""
    return MappingProxyType(dict(_rows("positions_before", {"at": at})))


def _rows(name: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
