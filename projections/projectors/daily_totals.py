"""What each UTC day changed in the fares: per currency, component and source."""

from __future__ import annotations

from django.db import connection

from projections.projector import Page, Projector


class DailyTotalsProjector(Projector):
    """Adds to what is there: an event counts once because the checkpoint moves in the same transaction.

    The changes of all components sum to the change of the fare: a SET takes away what it replaces. Days are of
    `recorded_at`, which never runs backwards, so that a day that is over is told for good.
    """

    name = "daily_totals"
    tables = ("daily_totals",)
    by_booking = False
    page_events = 5000

    def apply(self, page: Page) -> None:
        with connection.cursor() as cursor:
            self.execute(cursor, "daily_totals", page)
