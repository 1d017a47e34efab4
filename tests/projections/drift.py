"""Drift, planted for as long as a test looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from events.partitions import partition_of
from projections import set_aside
from projections.projectors.current_fare import CurrentFareProjector


@contextmanager
def planted_drift(booking: str, damage: str) -> Iterator[None]:
    """The view's row of this booking is damaged by an assignment in SQL, and put right at the end."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE projection.current_fare SET {damage} WHERE partition = %s AND booking_id = %s",
            [partition_of(booking), booking],
        )
    try:
        yield
    finally:
        set_aside.fold_anew(CurrentFareProjector(), booking)
