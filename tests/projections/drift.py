"""Drift, planted for as long as a test looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from events.partitions import partition_of

ROW = "projection.current_fare SET {} WHERE partition = %s AND booking_id = %s"
COLUMNS = "version, fare_minor, component_amounts"


@contextmanager
def planted_drift(booking: str, damage: str) -> Iterator[None]:
    """The view's row of this booking is damaged by an assignment in SQL, and put right at the end."""
    place = [partition_of(booking), booking]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} FROM projection.current_fare WHERE partition = %s AND booking_id = %s", place
        )
        before = cursor.fetchone()
        cursor.execute("UPDATE " + ROW.format(damage), place)
        try:
            yield
        finally:
            cursor.execute("UPDATE " + ROW.format(f"({COLUMNS}) = (%s, %s, %s)"), [*before, *place])
