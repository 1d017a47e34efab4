"""What the page of one event shows: the event in words and in full, its neighbours, and whether its hash holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from events import history
from events.corrections import State
from events.corrections.models import Correction
from events.event import FareEvent
from events.hash_check import HashCheck, check_hashes
from projections.admin.event_lines import EventLine, lines_of
from projections.explain import explain_event
from projections.wording import amount_text, capitalised, words

MAX_CORRECTIONS = 10
"""Corrections of one event that are named, the first ones."""


@dataclass(frozen=True, slots=True)
class Related:
    """Another event of the booking: beside this one, put right by it, or putting it right."""

    version: int
    sentence: str

    @classmethod
    def of(cls, event: FareEvent) -> Self:
        return cls(event.version, explain_event(event))


@dataclass(frozen=True, slots=True)
class EventPage:
    """One event."""

    line: EventLine
    before: Related | None
    """The event before it; None before the first."""
    after: Related | None
    """The event after it; None after the latest."""
    corrected_by: Sequence[Related]
    """The events that correct this one."""
    corrects: Related | None
    """The event that this one corrects."""

    @property
    def event(self) -> FareEvent:
        return self.line.event

    @property
    def check(self) -> HashCheck | None:
        return self.line.check

    @property
    def broken_versions(self) -> list[int]:
        """Its version, if its hash does not hold."""
        return [] if self.check and self.check.holds else [self.event.version]

    @property
    def amount(self) -> str:
        return amount_text(self.event.amount, self.event.exponent)

    @property
    def fare_before(self) -> str:
        return amount_text(self.event.fare - self.event.change, self.event.exponent)

    @property
    def source(self) -> str:
        return capitalised(self.event.source)

    @property
    def component(self) -> str:
        return words(self.event.component)

    @property
    def components(self) -> list[tuple[str, str]]:
        """The breakdown after it."""
        exponent = self.event.exponent
        return [
            (words(name), amount_text(amount, exponent)) for name, amount in self.event.components.items()
        ]


def read_event_page(booking_id: str, version: int) -> EventPage:
    """Raises UnknownBooking, UnknownEvent."""
    beside = {
        each.version: each for each in history.events_of(booking_id, after_version=version - 2, limit=3)
    }
    event = beside.get(version) or history.event_of(booking_id, version)
    corrected = event.corrects_version
    (line,) = lines_of([event], check_hashes([event]))
    return EventPage(
        line=line,
        before=_related(beside.get(version - 1)),
        after=_related(beside.get(version + 1)),
        corrected_by=[Related.of(history.event_of(booking_id, each)) for each in _corrected_by(event)],
        corrects=Related.of(history.event_of(booking_id, corrected)) if corrected else None,
    )


def _corrected_by(event: FareEvent) -> list[int]:
    """The versions that correct an event, by its corrections: to look through what came after it may take long."""
    approved = Correction.objects.filter(
        partition=event.partition,
        booking_id=event.booking_id,
        corrects_version=event.version,
        state=State.APPROVED,
    )
    versions = approved.order_by("event_version").values_list("event_version", flat=True)
    return [version for version in versions[:MAX_CORRECTIONS] if version is not None]


def _related(event: FareEvent | None) -> Related | None:
    return Related.of(event) if event else None
