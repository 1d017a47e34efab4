"""A receipt from the ledger, in the language and the time zone of this installation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils import translation

from events.event import FareEvent
from events.money import from_minor
from projections import sql
from projections.receipts.document import MAX_DETAILS, Document, Sum, compose


def composed(
    head: FareEvent, sums: Iterable[Sum], *, before: Document | None, issued_at: datetime
) -> Document:
    """The receipt of the fare after `head`. Raises ValueError if these are not the sums of it."""
    language = settings.LANGUAGE_CODE
    with translation.override(language):
        return compose(
            head,
            sums,
            before=before,
            issued_at=issued_at,
            language=language,
            time_zone=settings.TIME_ZONE,
        )


def sums_of(head: FareEvent) -> list[Sum]:
    """What the lines are the sums of, of the fare after this event, in the order of the lines."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("receipt_lines"),
            {
                "partition": head.partition,
                "booking_id": head.booking_id,
                "version": head.version,
                "details": MAX_DETAILS,
            },
        )
        return [_sum(*row, exponent=head.exponent) for row in cursor.fetchall()]


def _sum(
    component: str, corrects: bool, minor: int, changes: int, details: list[tuple[str, int]], *, exponent: int
) -> Sum:
    described = [(text, from_minor(moved, exponent)) for text, moved in details]
    return Sum(component, corrects, from_minor(minor, exponent), changes, described)
