"""Issues the receipts that are due: beat calls it, each time for a bounded part of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from projections import runner, sql
from projections.projector import Page

if TYPE_CHECKING:
    from projections.projectors.receipts import ReceiptsProjector

MOST_RECEIPTS: Final = 500
"""Receipts of one call: a second or two of work, so that many at once do not keep the worker from the views."""

MOST_EVENTS: Final = 200_000
"""Events that one call passes: about as much work if none of them needs a receipt."""

PAGE_EVENTS: Final = 10_000
"""Events of one transaction where few need a receipt."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What one transaction takes: it ends at the last receipt that fits, else as far as all is quiet."""

    partition: int
    events: int
    upto: int
    receipts: int


def issue_due(*, now: datetime | None = None, limit: int = MOST_RECEIPTS) -> int:
    """Issues receipts for bookings whose last event is older than the quiet time; answers the events passed.

    Stops after about `limit` receipts, or `MOST_EVENTS`; the next call goes on from there. Every page is a
    transaction of its own: of a few receipts, or of thousands of events that need none. A partition that fails
    does not keep the others waiting; its error is raised.
    """
    from projections.projectors.receipts import ReceiptsProjector  # the registry imports this package

    receipts = ReceiptsProjector()
    before = (now or timezone.now()) - timedelta(seconds=settings.FAREHISTORY_RECEIPT_QUIET_SECONDS)
    passed = issued = 0
    while issued < limit and passed < MOST_EVENTS:
        stretches = _round(receipts, before, limit - issued, MOST_EVENTS - passed)
        upto = {stretch.partition: stretch.upto for stretch in stretches}
        moved = runner.drain(receipts, upto, page_events=PAGE_EVENTS, upto=upto)
        if not moved:
            break
        passed += moved
        issued += sum(stretch.receipts for stretch in stretches)
    return passed


def _round(receipts: ReceiptsProjector, before: datetime, limit: int, most_events: int) -> list[_Stretch]:
    """At most one stretch in each partition, those first that have waited longest, until there is enough to do."""
    chosen: list[_Stretch] = []
    for stretch in _stretches(receipts, before):
        chosen.append(stretch)
        limit -= stretch.receipts
        most_events -= stretch.events
        if limit <= 0 or most_events <= 0:
            break
    return chosen


def _stretches(receipts: ReceiptsProjector, before: datetime) -> Iterator[_Stretch]:
    for partition, after in _ready(receipts, before):
        page = Page(partition, after, _quiet_upto(partition, after, before))
        due = receipts.due(page, most=receipts.page_events)
        upto = due[-1][2] if len(due) == receipts.page_events else page.upto
        yield _Stretch(partition, upto - after, upto, len(due))


def _ready(receipts: ReceiptsProjector, before: datetime) -> list[tuple[int, int]]:
    """The partitions that have something quiet to pass, and where the consumer is there."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("receipts_ready"),
            {"projection": receipts.name, "before": before},
        )
        rows: list[tuple[int, int]] = cursor.fetchall()
    return rows


def _quiet_upto(partition: int, after: int, before: datetime) -> int:
    """The position up to which a partition is quiet, `PAGE_EVENTS` further at most."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("receipts_quiet"),
            {"partition": partition, "after": after, "before": before, "most_events": PAGE_EVENTS},
        )
        (upto,) = cursor.fetchone()
    return after if upto is None else upto
