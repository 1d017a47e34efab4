"""Words for tests of receipts."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from events import feed, ledger
from events.partitions import partition_of
from projections import control, receipts
from projections.models import Receipt
from projections.projectors import projector
from projections.receipts.document import Document
from tests.builders import event, new_booking_id


def receipt_of(booking_id: str) -> Document:
    """What is issued when somebody asks for the booking's receipt now."""
    return Document.from_json(receipts.issue(booking_id).document)


def lines_of(document: Document) -> list[tuple[str, str, str]]:
    return [(line.label, line.kind, line.amount) for line in document.lines]


def correct(booking_id: str, change: dict[str, Any]) -> None:
    """Appends the change as an approved correction will be: it names itself and the event that it corrects."""
    with transaction.atomic():
        ledger.append_correction(event(booking_id, change), corrects_version=1, source="corrections")


def issued(booking_id: str) -> list[tuple[int, int]]:
    """(sequence, version) of all receipts of the booking."""
    found = Receipt.objects.filter(partition=partition_of(booking_id), booking_id=booking_id)
    return list(found.order_by("sequence").values_list("sequence", "version"))


def start_at_the_heads() -> None:
    """The consumer of receipts has seen all that is in the ledger: a test looks at its own bookings."""
    control.replay(projector("receipts"), feed.heads())


def neighbours(count: int) -> list[str]:
    """So many new booking ids of one partition."""
    first = new_booking_id()
    found = [first]
    while len(found) < count:
        other = new_booking_id()
        if partition_of(other) == partition_of(first):
            found.append(other)
    return found
