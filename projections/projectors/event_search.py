"""Every event by its transaction id, component, source, time and the fare after it: what the fare search looks in."""

from __future__ import annotations

from django.db import connection

from projections.projector import Page, Projector


class EventSearchProjector(Projector):
    """A row an event, written once: nothing is updated, so nothing has to be read before, or cleaned up after.

    A page that was applied already is refused by the key: its bookings would be set aside.
    """

    name = "event_search"
    tables = ("event_search",)
    page_events = 5000

    def apply(self, page: Page) -> None:
        with connection.cursor() as cursor:
            self.execute(cursor, "event_search", page)
