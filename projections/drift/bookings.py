"""Which bookings a look is at: the next ones of the walk, the newest, or named ones. All inside a snapshot."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from projections import sql
from projections.drift.snapshot import Snapshot, rows
from projections.projector import Projector

CHUNK: Final = 500
"""Bookings of one look."""
MOST_EVENTS: Final = 20_000
"""Events of the bookings of one look, unless one booking alone has more: it is over in a fraction of a second."""
NEWEST: Final = 200
"""Events at the end of a log, of whose bookings a few are looked at."""
SAMPLE: Final = 10

_NAMED: Final = "SELECT unnest(%(bookings)s::text[]) AS booking_id"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bookings to look at, in the order of their ids."""

    bookings: tuple[str, ...]
    last: str
    """The last one, also if it is left out as it is set aside; "" if there is none."""
    is_last: bool
    """Whether none comes after them."""


def after(look: Snapshot, booking_id: str) -> Chunk:
    """The next bookings in the order of their ids, of the ledger and of the view: a row that no event explains is
    found too."""
    found = " UNION ".join(
        [sql.statement("bookings_in_ledger"), *(_in_table(table) for table in look.projector.tables)]
    )
    return _chunk(look, found, after=booking_id)


def named(look: Snapshot, bookings: Iterable[str]) -> Chunk:
    """Some of these bookings, the first in the order of their ids, without those that are set aside."""
    return _chunk(look, _NAMED, bookings=sorted(set(bookings)))


def newest(look: Snapshot) -> Chunk:
    """A random few of the bookings that the view has moved last."""
    found = rows(
        sql.statement("newest_bookings"),
        {"partition": look.partition, "upto": look.position, "tail": NEWEST},
    )
    return named(look, random.sample([booking for (booking,) in found], min(SAMPLE, len(found))))


def estimated(projector: Projector) -> int:
    """About how many bookings a view has; 0 if PostgreSQL has not counted yet, too many where one has many rows."""
    found = rows(sql.statement("estimated_rows"), {"table": projector.tables[0]})
    return int(found[0][0]) if found else 0


def _chunk(look: Snapshot, found: str, **which: object) -> Chunk:
    listed = rows(
        sql.statement("bookings_to_check").replace(":found", found),
        {"partition": look.partition, "projection": look.projector.name, "limit": CHUNK, **which},
    )
    some = _few_enough(listed)
    return Chunk(
        bookings=tuple(booking for booking, _, is_set_aside in some if not is_set_aside),
        last=some[-1][0] if some else "",
        is_last=len(listed) < CHUNK and len(some) == len(listed),
    )


def _few_enough(listed: list[tuple[str, int, bool]]) -> list[tuple[str, int, bool]]:
    """As many as have `MOST_EVENTS` events together; one at least."""
    events = 0
    for count, (_, more, _aside) in enumerate(listed):
        events += more
        if count and events > MOST_EVENTS:
            return listed[:count]
    return listed


def _in_table(table: str) -> str:
    return sql.statement("bookings_in_table").replace(':"table"', f'"{table}"')
