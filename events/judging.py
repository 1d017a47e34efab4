"""What the append function would answer, before it is asked: its rules in Python, in its order, with its outcomes.

Pure. The append function has the last word, and what is appended meanwhile is known to it alone; a property test
holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol, Self, cast

from events.event import EventType
from events.fold import Change, Fare
from events.money import MAX_MINOR_UNITS, exponent_of
from events.new_event import ANY, NewEvent

MAX_COMPONENTS: Final = 100


class Allowing(Change, Protocol):
    """A change that says whether the fare may end below zero."""

    @property
    def allow_negative(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """The head of a booking, as far as the next event is judged by it."""

    currency: str
    exponent: int
    breakdown: Fare

    @property
    def version(self) -> int:
        return self.breakdown.version

    @property
    def fare(self) -> Decimal:
        return self.breakdown.amount

    @classmethod
    def after(cls, before: Self | None, event: NewEvent) -> Self:
        """Where an event that is not refused leads to."""
        if before is not None:
            return cls(before.currency, before.exponent, before.breakdown.after(event))
        currency = cast(str, event.currency)
        return cls(currency, exponent_of(currency), Fare().after(event))


def refused(event: NewEvent, head: Standing | None) -> str | None:
    """The outcome of an event whose transaction id is new to the booking; None if it would be appended."""
    version = 0 if head is None else head.version
    if event.expected_version not in (ANY, version):
        return "version_conflict"
    if head is None:
        if event.type != EventType.SET:
            return "first_event_must_set"
        if event.currency is None:
            return "currency_required"
        return impossible(event, Fare(), exponent_of(event.currency))
    if event.currency not in (None, head.currency):
        return "currency_mismatch"
    return impossible(event, head.breakdown, head.exponent)


def impossible(event: Allowing, before: Fare, exponent: int) -> str | None:
    """Why no fare can come of it: `too_many_decimals`, `out_of_range`, `negative_fare`, `too_many_components`."""
    amount = Decimal(event.amount)
    limit = Decimal(MAX_MINOR_UNITS).scaleb(-exponent)
    if -cast(int, amount.as_tuple().exponent) > exponent:
        return "too_many_decimals"
    if amount >= limit:
        return "out_of_range"
    after = before.after(event)
    fare = after.amount
    if fare < 0 and fare < before.amount and not event.allow_negative:
        return "negative_fare"
    if abs(fare) >= limit or abs(after.components[event.component]) >= limit:
        return "out_of_range"
    return "too_many_components" if len(after.components) > MAX_COMPONENTS else None
