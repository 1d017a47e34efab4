"""A ledger of any size in minutes: events written by one statement for thousands of bookings, not appended.

Bookings have numbers, from which their ids, references and times follow, so that nothing has to be remembered of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg

from events import feed
from projections import runner
from projections.projectors import PROJECTORS

PER_BOOKING: Final = 5
CHUNK: Final = 20_000
"""Bookings of one statement."""
PAGE_EVENTS: Final = 5_000
"""Events that a view takes at once: more than live, well within the time that a statement may take."""

STATEMENT: Final = (Path(__file__).parent / "sql" / "bookings_of_events.sql").read_text(encoding="utf-8")
_FIRST: Final = datetime(2026, 1, 1, tzinfo=UTC)


def booking_id(number: int) -> str:
    return f"BK-{_md5(str(number))}"


def transaction_id(number: int, version: int) -> str:
    return str(UUID(_md5(f"{booking_id(number)}{version}")))


def began(number: int) -> datetime:
    """Shortly before the booking's first event."""
    return _FIRST + timedelta(seconds=3 * number)


def fill(
    superuser: psycopg.Connection[Any], first: int, last: int, *, told: Callable[[str], None] = lambda _: None
) -> None:
    """Writes these bookings, which follow those that there are, and brings every view to the end of the ledger."""
    write(superuser, first, last)
    told(f"{(last - first + 1) * PER_BOOKING:,} events written")
    for view in PROJECTORS:
        if view.tables:
            superuser.execute("ANALYZE ledger.fare_event")
            runner.drain(view, feed.heads(), page_events=PAGE_EVENTS)
            told(f"{view.name} computed")


def write(superuser: psycopg.Connection[Any], first: int, last: int) -> None:
    """Writes the events of these bookings alone, which follow those that there are."""
    for start in range(first, last + 1, CHUNK):
        superuser.execute(STATEMENT, {"first": start, "last": min(start + CHUNK - 1, last)})


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
