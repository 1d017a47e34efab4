"""The fare of every booking after its last event."""

from __future__ import annotations

from django.db import connection

from projections import sql
from projections.projector import OutOfStep, Page


class CurrentFareProjector:
    name = "current_fare"
    version = 1
    tables: tuple[str, ...] = ("projection.current_fare",)

    def apply(self, page: Page) -> None:
        bounds = {"partition": page.partition, "after": page.after, "upto": page.upto}
        with connection.cursor() as cursor:
            cursor.execute(sql.statement("current_fare"), bounds)
            bookings, moved = cursor.fetchone()
        if bookings != moved:
            raise OutOfStep(f"{bookings} bookings have events in {page}, {moved} were at the version before")
