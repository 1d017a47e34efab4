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
    page_events = 20
    sets_aside = True

    def apply(self, page: Page) -> None:
        for booking_id, version in self._due(page):
            issue(booking_id, version, reason=Receipt.Reason.QUIET)

    def _due(self, page: Page) -> list[tuple[str, int]]:
        within = timedelta(seconds=settings.FAREHISTORY_RECEIPT_IMPORTED_WITHIN_SECONDS)
        with connection.cursor() as cursor:
            self.execute(cursor, "receipts_due", page, import_within=within)
            rows: list[tuple[str, int]] = cursor.fetchall()
        return rows
