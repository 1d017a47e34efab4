"""One row with a booking's whole fare → its events.

The base becomes a SET, each extra an ADD or SUB of its component. A row whose fare is negative takes back an
earlier row with the opposite amounts: the same events with the signs turned. Ids are made from what the row
says, so a second run makes the same ones and the ledger answers with replays.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid5

from events.errors import InvalidEvent
from events.event import EventType
from events.importing.rows import FareRow, PlannedRow, RowRefused
from events.money import MAX_MINOR_UNITS, exponent_of
from events.new_event import NewEvent

NAMESPACE: Final = UUID("6f1c8a52-2f0b-5d0e-9a55-7f0d6f2b9c11")
"""All ids made by imports come from here. Changing it would import everything a second time."""

BASE: Final = "base_fare"
VOID_DESCRIPTION: Final = "Void: the file takes this fare back"
IN_ALREADY: Final = (
    "this trip is in already with the same amounts, but with other metadata, another time or another source"
)

Change = tuple[str, Decimal]


def plan(row: FareRow) -> PlannedRow:
    """The events of a row. Raises RowRefused if they could not all be appended to a new booking."""
    events_sum = row.base + sum((amount for _, amount in row.extras), Decimal(0))
    void = row.base < 0 or (row.base == 0 and events_sum < 0)
    changes = _ordered(row, set_first=not void)
    _check_course([(name, -amount) for name, amount in changes] if void else changes, row, events_sum)
    planned = PlannedRow(
        place=row.place,
        booking_id=row.booking_id,
        events=_events(row, changes, events_sum, void),
        currency=row.currency,
        total=events_sum if row.stated_total is None else row.stated_total,
        events_sum=events_sum,
        whole_fare=True,
        if_id_reused=IN_ALREADY,
    )
    if void:
        planned.reverses = uuid5(_content_id(row, sign=-1), BASE)
    return planned


def _ordered(row: FareRow, *, set_first: bool) -> list[Change]:
    """Base, then what adds, then what takes away: so no step goes below zero if the end does not.

    A void does the same in its own signs, and leaves out a base of zero: there is nothing to take back.
    """
    extras = sorted(row.extras, key=lambda change: change[1] < 0)
    if set_first:
        return [(BASE, row.base), *extras]
    changes = [(BASE, row.base), *extras] if row.base else extras
    return sorted(changes, key=lambda change: change[1] < 0)


def _check_course(changes: Sequence[Change], row: FareRow, events_sum: Decimal) -> None:
    """What the append would refuse half-way is refused here, before anything of the row is written."""
    limit = Decimal(MAX_MINOR_UNITS).scaleb(-exponent_of(row.currency))
    fare = Decimal(0)
    for _, amount in changes:
        fare += amount
        if abs(fare) >= limit or abs(amount) >= limit:
            raise RowRefused(
                "out_of_range", f"an amount of {fare} {row.currency} is beyond what a fare can be"
            )
    if fare < 0:
        detail = f"a base fare of {row.base} and amounts that sum to {events_sum} {row.currency} make no fare"
        raise RowRefused("negative_fare", detail)


def _events(row: FareRow, changes: Sequence[Change], events_sum: Decimal, void: bool) -> list[NewEvent]:
    """A trip's events stand at versions 1 to n; those that void it at n+1 to 2n, or not at all."""
    if row.stated_total is not None and row.stated_total != events_sum:
        row.metadata["stated_total"] = f"{row.stated_total:f}"
    content_id = _content_id(row)
    head = 1 + len(row.extras) if void else 0
    try:
        return [
            NewEvent(
                booking_id=row.booking_id,
                transaction_id=uuid5(content_id, component),
                expected_version=head + i,
                type=_type(amount, first=i == 0, void=void),
                component=component,
                amount=abs(amount),
                currency=row.currency,
                occurred_at=row.occurred_at,
                metadata=None if i else row.metadata,
                description=VOID_DESCRIPTION if void else None,
            )
            for i, (component, amount) in enumerate(changes)
        ]
    except InvalidEvent as error:
        raise RowRefused(error.code, error.detail) from None


def _type(amount: Decimal, *, first: bool, void: bool) -> EventType:
    if first and not void:
        return EventType.SET
    return EventType.SUB if amount < 0 else EventType.ADD


def _content_id(row: FareRow, sign: int = 1) -> UUID:
    """Stands for the booking and its amounts. With sign -1: for the row that this one takes back."""
    amounts = [(BASE, row.base), *sorted(row.extras)]
    # Minus zero would be another text than zero.
    text = "|".join(f"{name}={sign * amount if amount else amount}" for name, amount in amounts)
    return uuid5(row.identity, text)
