"""Issues the receipts that are due: beat calls it, each time for a bounded part of the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from projections import runner, sql
from projections.projector import Projector

MOST_EVENTS: Final = 500
"""Events that one call looks at: a second or two of work, so that an import does not keep the worker from the views."""


def issue_due(*, now: datetime | None = None, limit: int = MOST_EVENTS) -> int:
    """Issues receipts for bookings whose last event is older than the quiet time; answers the events looked at.

    Stops after about `limit` events; the next call goes on from there. Every page is a transaction of its own.
    A partition that fails does not keep the others waiting; its error is raised.
    """
    from projections.projectors import projector  # the registry imports this package

    receipts = projector("receipts")
    quiet = timedelta(seconds=settings.FAREHISTORY_RECEIPT_QUIET_SECONDS)
    before = (now or timezone.now()) - quiet
    looked_at = 0
    while looked_at < limit:
        moved = _round(receipts, before, limit - looked_at)
        if not moved:
            break
        looked_at += moved
    return looked_at


def _round(receipts: Projector, before: datetime, limit: int) -> int:
    """At most one page in each partition, those first that have waited longest."""
    ready = dict(_ready(receipts, before)[: max(1, limit // receipts.page_events)])
    return runner.drain(receipts, ready, upto=ready)


def _ready(receipts: Projector, before: datetime) -> list[tuple[int, int]]:
    """Partitions that have such old events, each with the position of the last one of the next page."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("receipts_ready"),
            {"projection": receipts.name, "page_events": receipts.page_events, "before": before},
        )
        rows: list[tuple[int, int]] = cursor.fetchall()
    return rows
