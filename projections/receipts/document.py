"""What a receipt says, as it was issued: the document that is stored and served. Pure: no database.

A customer reads it. It has the descriptions of events, and never their metadata, actor or source.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Self

import msgspec

from events.api.representation import time_as_json
from events.event import FareEvent
from events.money import format_amount
from projections.wording import capitalised

MAX_DETAILS = 10
"""Descriptions that a line lists."""

Kind = Literal["charge", "reduction", "correction"]


class Detail(msgspec.Struct, frozen=True):
    """A change within a line, in its service's words."""

    text: str
    amount: str


class Line(msgspec.Struct, frozen=True):
    """What one component adds to the fare, or what corrections of it do. The lines sum to the fare."""

    component: str
    label: str
    kind: Kind
    amount: str
    changes: int
    """Of how many events it is the sum."""
    details: tuple[Detail, ...]
    """Of those with a description, at most the first `MAX_DETAILS`."""


class Difference(msgspec.Struct, frozen=True):
    """By how much a line differs from the receipt before. A line that is not there counts as zero."""

    component: str
    label: str
    amount: str


class Replaced(msgspec.Struct, frozen=True):
    """The receipt that this one takes the place of, and what has changed since."""

    number: str
    version: int
    fare: str
    issued_at: str
    difference: str
    changes: tuple[Difference, ...]


class Document(msgspec.Struct, frozen=True):
    """A receipt. Amounts are strings with all decimals of the currency, times RFC 3339 in UTC."""

    number: str
    booking_id: str
    sequence: int
    version: int
    issued_at: str
    fare_at: str
    """When the last event of the fare was recorded."""
    currency: str
    exponent: int
    fare: str
    lines: tuple[Line, ...]
    replaces: Replaced | None
    language: str
    time_zone: str

    @classmethod
    def from_json(cls, stored: Any) -> Self:
        """The document that was stored; jsonb has forgotten the order of its fields."""
        return msgspec.convert(stored, cls)

    def as_json(self) -> dict[str, Any]:
        """Plain values, the fields in their order."""
        answer: dict[str, Any] = msgspec.to_builtins(self)
        return answer


class Sum(msgspec.Struct, frozen=True):
    """What the events of a component, or the corrections of it, come to."""

    component: str
    corrects: bool
    amount: Decimal
    changes: int
    details: Sequence[tuple[str, Decimal]]


def compose(
    head: FareEvent,
    sums: Iterable[Sum],
    *,
    before: Document | None,
    issued_at: datetime,
    language: str,
    time_zone: str,
) -> Document:
    """The receipt of the fare after `head`, of which these are the sums, in the order of its lines.

    Raises ValueError if they are not the sums of this fare.
    """
    sums = list(sums)
    total = sum((each.amount for each in sums), Decimal(0))
    if total != head.fare:
        raise ValueError(
            f"the lines of {head.booking_id} at version {head.version} sum to {total}, not {head.fare}"
        )
    lines = tuple(_line(each, head.exponent) for each in sums)
    sequence = 1 if before is None else before.sequence + 1
    return Document(
        number=f"{head.booking_id}-R{sequence}",
        booking_id=head.booking_id,
        sequence=sequence,
        version=head.version,
        issued_at=time_as_json(issued_at),
        fare_at=time_as_json(head.recorded_at),
        currency=head.currency,
        exponent=head.exponent,
        fare=format_amount(head.fare, head.exponent),
        lines=lines,
        replaces=None if before is None else _replaced(before, lines, head),
        language=language,
        time_zone=time_zone,
    )


def _line(total: Sum, exponent: int) -> Line:
    return Line(
        component=total.component,
        label=capitalised(total.component),
        kind=_kind(total),
        amount=format_amount(total.amount, exponent),
        changes=total.changes,
        details=tuple(
            Detail(text, format_amount(amount, exponent)) for text, amount in total.details[:MAX_DETAILS]
        ),
    )


def _kind(total: Sum) -> Kind:
    if total.corrects:
        return "correction"
    return "reduction" if total.amount < 0 else "charge"


def _replaced(before: Document, lines: Sequence[Line], head: FareEvent) -> Replaced:
    return Replaced(
        number=before.number,
        version=before.version,
        fare=before.fare,
        issued_at=before.issued_at,
        difference=format_amount(head.fare - Decimal(before.fare), head.exponent),
        changes=tuple(_differences(before.lines, lines, head.exponent)),
    )


def _differences(old: Sequence[Line], new: Sequence[Line], exponent: int) -> Iterable[Difference]:
    """What moved per component, corrections within it, in the order of the new lines; then what is gone."""
    moved: dict[str, Decimal] = {}
    for line in new:
        moved[line.component] = moved.get(line.component, Decimal(0)) + Decimal(line.amount)
    for line in old:
        moved[line.component] = moved.get(line.component, Decimal(0)) - Decimal(line.amount)
    for component, amount in moved.items():
        if amount:
            yield Difference(component, capitalised(component), format_amount(amount, exponent))
