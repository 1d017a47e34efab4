"""The bookings by the references that their metadata names: a customer, an order, a trip, a support ticket."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.db import connection

from projections.projector import Page, Projector

MAX_LENGTH: Final = 200
"""Characters of a value that can be found; a longer one is no reference."""


class BookingSearchProjector(Projector):
    """Strings and numbers under a configured key at the top of the metadata, as they were written.

    Other values (null, true, objects, lists, the empty text) are no references, and neither is what was erased.
    """

    name = "booking_search"
    tables = ("booking_search",)
    page_events = 5000

    def __init__(self, keys: Iterable[str] | None = None) -> None:
        self.keys = sorted(settings.FAREHISTORY_SEARCH_KEYS if keys is None else keys)
        # With other keys the same events give other rows.
        self.version = f"1:{','.join(self.keys)}"

    def apply(self, page: Page) -> None:
        with connection.cursor() as cursor:
            self.execute(cursor, "booking_search", page, keys=self.keys, max_length=MAX_LENGTH)
