"""The fold: what a booking's events make of its fare. Pure, and what the append function must agree with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol, Self

from events.event import EventType


class Change(Protocol):
    """What the fold needs of an event: a `FareEvent` has it, and so has a `NewEvent`."""

    @property
    def type(self) -> EventType | str: ...
    @property
    def component(self) -> str: ...
    @property
    def amount(self) -> Decimal | str: ...


@dataclass(frozen=True, slots=True)
class Fare:
    """A fare as so many events left it; version 0 is a booking without any."""

    version: int = 0
    components: dict[str, Decimal] = field(default_factory=dict)

    @property
    def amount(self) -> Decimal:
        """The sum of the components."""
        return sum(self.components.values(), Decimal(0))

    def after(self, event: Change) -> Self:
        """SET replaces the fare and leaves one component; ADD and SUB move theirs, an unknown one from 0."""
        amount = Decimal(event.amount)
        if event.type == EventType.SET:
            return type(self)(self.version + 1, {event.component: amount})
        if self.version == 0:
            raise ValueError("the first event of a booking must be a SET")
        signed = amount if event.type == EventType.ADD else -amount
        moved = self.components.get(event.component, Decimal(0)) + signed
        return type(self)(self.version + 1, self.components | {event.component: moved})


def fold(events: Iterable[Change]) -> Fare:
    """The fare after these events, which are one booking's from version 1 on."""
    fare = Fare()
    for event in events:
        fare = fare.after(event)
    return fare
