"""Issues receipts: one per version of a fare, numbered 1, 2, 3 … per booking without gaps, however many ask.

The two unique keys of the table decide, not the order of calls: whoever loses reads what the winner issued.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from events import history
from events.errors import LedgerError, UnknownBooking
from events.event import FareEvent
from events.new_event import BOOKING_ID
from events.partitions import partition_of
from projections.models import Receipt
from projections.receipts.composing import composed, sums_of
from projections.receipts.document import Document


class UnknownReceipt(LedgerError):
    """The booking has no receipt of this number."""

    code = "unknown_receipt"


def issue(
    booking_id: str,
    version: int | None = None,
    *,
    reason: Receipt.Reason = Receipt.Reason.REQUEST,
    now: datetime | None = None,
) -> Receipt:
    """The booking's receipt of its fare at a version, or of the fare as the ledger has it now.

    Issues it if there is none yet. A version that a later receipt has overtaken gets none: that one answers.
    Raises UnknownBooking, UnknownEvent.
    """
    head = _event(booking_id, version)
    while True:
        latest = _latest(booking_id)
        if latest is not None and latest.version >= head.version:
            return _of_version(booking_id, head.version) or latest
        before = None if latest is None else Document.from_json(latest.document)
        document = composed(head, sums_of(head), before=before, issued_at=now or timezone.now())
        # Nothing happens if another has issued this version or taken this number meanwhile: then look again.
        Receipt.objects.bulk_create([_receipt(document, reason)], ignore_conflicts=True)


def of_number(booking_id: str, sequence: int) -> Receipt:
    """The receipt of that number. Raises UnknownReceipt, UnknownBooking."""
    receipt = _receipts(booking_id).filter(sequence=sequence).first()
    if receipt is not None:
        return receipt
    _event(booking_id, None)
    raise UnknownReceipt(f"booking {booking_id} has no receipt {booking_id}-R{sequence}")


def has_receipt(booking_id: str, sequence: int) -> bool:
    """Whether the booking has a receipt of that number."""
    return _receipts(booking_id).filter(sequence=sequence).exists()


def _event(booking_id: str, version: int | None) -> FareEvent:
    if version is not None:
        return history.event_of(booking_id, version)
    head = history.head_of(booking_id)
    if head is None:
        raise UnknownBooking(f"the ledger has no event of booking {booking_id!a}")
    return head


def _receipts(booking_id: str) -> QuerySet[Receipt]:
    if not BOOKING_ID.fullmatch(booking_id):
        return Receipt.objects.none()
    return Receipt.objects.filter(partition=partition_of(booking_id), booking_id=booking_id)


def _latest(booking_id: str) -> Receipt | None:
    return _receipts(booking_id).order_by("-sequence").first()


def _of_version(booking_id: str, version: int) -> Receipt | None:
    return _receipts(booking_id).filter(version=version).first()


def _receipt(document: Document, reason: Receipt.Reason) -> Receipt:
    return Receipt(
        partition=partition_of(document.booking_id),
        booking_id=document.booking_id,
        sequence=document.sequence,
        version=document.version,
        document=document.as_json(),
        issued_at=datetime.fromisoformat(document.issued_at),
        reason=reason,
    )
