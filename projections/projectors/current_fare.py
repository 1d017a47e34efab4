"""The fare of every booking after its last event."""

from __future__ import annotations

from django.db import connection

from projections.projector import OutOfStep, Page, Projector


class CurrentFareProjector(Projector):
    name = "current_fare"
    tables = ("current_fare",)
    page_events = 5000

    def apply(self, page: Page) -> None:
        with connection.cursor() as cursor:
            self.execute(cursor, "current_fare", page)
            bookings, moved = cursor.fetchone()
        if bookings != moved:
            raise OutOfStep(f"{bookings} bookings have events in {page}, {moved} were at the version before")
