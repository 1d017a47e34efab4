"""An event that somebody with the owner's rights has changed: what hashes are there to show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from events.partitions import partition_of
from tests.builders import connected

_KEPT = "description, actor, source, metadata::text"


@contextmanager
def tampered(booking: str, version: int, change: str) -> Iterator[None]:
    """The event changed by an owner who switched the triggers off, and afterwards as it was."""
    place = (partition_of(booking), booking, version)
    where = "WHERE partition = %s AND booking_id = %s AND version = %s"
    with connected("owner") as owner:
        before = owner.execute(f"SELECT {_KEPT} FROM ledger.fare_event {where}", place).fetchone()
        assert before is not None
        owner.execute("ALTER TABLE ledger.fare_event DISABLE TRIGGER USER")
        try:
            owner.execute(f"UPDATE ledger.fare_event SET {change} {where}", place)
            yield
        finally:
            as_it_was = "description = %s, actor = %s, source = %s, metadata = %s::json"
            owner.execute(f"UPDATE ledger.fare_event SET {as_it_was} {where}", (*before, *place))
            _enable_always(owner)


def erase(booking: str, version: int) -> None:
    """What is personal of an event goes, as an erasure takes it: for good."""
    place = (partition_of(booking), booking, version)
    with connected("owner") as owner:
        owner.execute("ALTER TABLE ledger.fare_event DISABLE TRIGGER USER")
        try:
            owner.execute(
                "UPDATE ledger.fare_event SET description = NULL, actor = NULL, metadata = NULL"
                " WHERE partition = %s AND booking_id = %s AND version = %s",
                place,
            )
        finally:
            _enable_always(owner)


def _enable_always(owner: psycopg.Connection[Any]) -> None:
    names = owner.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'ledger.fare_event'::regclass AND NOT tgisinternal"
    ).fetchall()
    for (name,) in names:
        owner.execute(f"ALTER TABLE ledger.fare_event ENABLE ALWAYS TRIGGER {name}")
