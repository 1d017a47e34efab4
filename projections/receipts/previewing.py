"""The receipt before and after a correction: what the customer would read. Nothing is issued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils import timezone

from events.corrections import Outcome, Planned
from events.event import EventType, FareEvent
from projections.receipts.composing import composed, sums_of
from projections.receipts.document import MAX_DETAILS, Sum
from projections.receipts.presentation import Presentation, present


@dataclass(frozen=True, slots=True)
class ReceiptPreview:
    """The receipt of a fare as it is, and as a correction would leave it."""

    before: Presentation
    after: Presentation | None
    """None where the correction cannot be made."""


def preview(outcome: Outcome, description: str) -> ReceiptPreview:
    """The receipts before and after; `description`: what the correction's event says for the customer."""
    head, event, after = outcome.head, outcome.event, outcome.after
    sums = sums_of(head)
    if event is None or after is None:
        return ReceiptPreview(_of(head, sums), None)
    corrected = replace(head, version=head.version + 1, fare=after.amount)
    return ReceiptPreview(_of(head, sums), _of(corrected, _with(sums, event, description)))


def _of(head: FareEvent, sums: Sequence[Sum]) -> Presentation:
    return present(composed(head, sums, before=None, issued_at=timezone.now()))


def _with(sums: Sequence[Sum], event: Planned, description: str) -> list[Sum]:
    """The sums with a correction's event among them: what `sums_of` answers once it is in the ledger."""
    moved = -event.amount if event.type == EventType.SUB else event.amount
    kept = [] if event.type == EventType.SET else list(sums)  # a SET is where a receipt begins
    nothing = Sum(event.component, True, Decimal(0), 0, ())
    old = next((each for each in kept if each.corrects and each.component == event.component), nothing)
    details = [*old.details, (description, moved)][:MAX_DETAILS]
    new = Sum(event.component, True, old.amount + moved, old.changes + 1, details)
    return [*kept, new] if old is nothing else [new if each is old else each for each in kept]
