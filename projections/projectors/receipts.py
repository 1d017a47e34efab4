"""Receipts of bookings that have not changed for a while."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connection

from projections.models import Receipt
from projections.projector import Page, Projector
from projections.receipts.issuing import issue


class ReceiptsProjector(Projector):
    """Issues a receipt for every booking whose last event is in the page.

    A consumer without tables. It follows the ledger from a distance: `receipts.issue_due` lets it take only what
    is older than the quiet time. So a booking that it finds at its last event has not changed for so long, and
    one that has changed since comes up again further on.
    """

    name = "receipts"
    live = False
    # A receipt is a few statements of its own, and who asks for one must not wait long for this transaction.
    # `receipts.issue_due` takes more events at once where no more than so many of them have one due.
    page_events = 20
    sets_aside = True

    def apply(self, page: Page) -> None:
        for booking_id, version, _position in self.due(page):
            issue(booking_id, version, reason=Receipt.Reason.QUIET)

    def due(self, page: Page, most: int | None = None) -> list[tuple[str, int, int]]:
        """(booking id, version, position) of the last events of bookings that lack a receipt, the first `most`."""
        within = timedelta(seconds=settings.FAREHISTORY_RECEIPT_IMPORTED_WITHIN_SECONDS)
        with connection.cursor() as cursor:
            self.execute(cursor, "receipts_due", page, import_within=within, most=most)
            rows: list[tuple[str, int, int]] = cursor.fetchall()
        return rows
