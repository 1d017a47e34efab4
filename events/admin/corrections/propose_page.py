"""What is on the pages that propose a correction: the fare as it is, its events to choose from, and the preview."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from events import history
from events.admin.corrections.comparison import Comparison
from events.admin.corrections.event_words import EventWords
from events.admin.corrections.lines import CorrectionLine, lines_of
from events.admin.corrections.urls import propose_url
from events.corrections import Kind, Needs, Preview, Proposal, queue
from events.corrections.intact import refusal_of_broken
from events.corrections.models import ReasonCode
from events.corrections.planning import outcome
from events.corrections.queue import Standing
from events.errors import LedgerError, UnknownEvent
from events.event import FareEvent
from events.wording import amount_text, money_text, words

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CHOICES = 50
"""Events to choose from, the latest."""

WAITING_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Cancelled:
    """A wish to cancel an event, to ask whether that can be."""

    booking_id: str
    corrects_version: int
    kind: Kind = Kind.CONTRA
    type: None = None
    component: None = None
    amount: None = None
    target: None = None
    allow_negative: bool = True


@dataclass(frozen=True)
class ProposePage:
    """A booking's fare, of which a correction is to be proposed."""

    head: FareEvent
    events: list[FareEvent]
    """To choose from, in version order."""
    version: int | None
    """The event that was chosen first; None where that is still to be done."""
    waiting: list[CorrectionLine] = field(default_factory=list)
    """Corrections of this fare that wait already."""

    @classmethod
    def read(cls, booking_id: str, version: int | None, user: User) -> ProposePage:
        """The page of a booking. Raises UnknownBooking; UnknownEvent if it has no such version."""
        head = history.last_of(booking_id)
        events = history.events_of(booking_id, before_version=head.version + 1, limit=CHOICES)
        if version is not None and version < events[0].version:
            events = [history.event_of(booking_id, version), *events]
        if version is not None and version > head.version:
            raise UnknownEvent(
                _("This booking has no version %(version)d; the latest is %(latest)d.")
                % {"version": version, "latest": head.version}
            )
        waiting = queue.page(booking_id=booking_id, standing=Standing.WAITING, limit=WAITING_SHOWN)
        if head.version == 1:
            version = 1
        return cls(head, events, version, lines_of(waiting.results, user))

    @property
    def booking_id(self) -> str:
        return self.head.booking_id

    @property
    def url(self) -> str:
        """Where the form is found empty."""
        return propose_url(self.booking_id, self.version)

    @property
    def fare(self) -> str:
        return money_text(self.head.fare, self.head.currency, self.head.exponent)

    @property
    def components(self) -> list[tuple[str, str]]:
        exponent = self.head.exponent
        return [(words(name), amount_text(value, exponent)) for name, value in self.head.components.items()]

    @property
    def component_names(self) -> list[str]:
        """To choose from."""
        return [words(name) for name in self.head.components]

    @cached_property
    def why_not_cancelled(self) -> LedgerError | None:
        """Why the event that was chosen first cannot be cancelled, if it cannot."""
        if self.version is None:
            return None
        wish = _Cancelled(self.booking_id, self.version)
        return outcome(wish, self.head, self._chosen).refusal

    @cached_property
    def broken(self) -> LedgerError | None:
        """Why this fare cannot be corrected at all, if it cannot: the ledger is not what its hashes say."""
        return refusal_of_broken(self.head, self._chosen)

    @property
    def first_kind(self) -> Kind:
        """What is most likely wanted."""
        is_cancelled = self.version is not None and self.why_not_cancelled is None
        return Kind.CONTRA if is_cancelled else Kind.SHOULD_BE

    @property
    def has_all(self) -> bool:
        """Whether every event is among those to choose from."""
        return len(self.events) == self.head.version

    @property
    def _chosen(self) -> FareEvent:
        return next((event for event in self.events if event.version == self.version), self.head)


@dataclass(frozen=True)
class CheckPage:
    """What somebody is about to propose, and what it would do, to be looked at before it is sent."""

    proposal: Proposal
    preview: Preview
    seen_version: int
    """The fare that they saw before."""

    @property
    def comparison(self) -> Comparison:
        return Comparison(self.preview.outcome)

    @property
    def moved(self) -> list[EventWords]:
        """What came since they looked."""
        return [EventWords(event) for event in self.preview.moved]

    @property
    def corrected(self) -> EventWords:
        return EventWords(self.preview.corrected)

    @property
    def needs_nobody(self) -> bool:
        return self.preview.needs == Needs.NOBODY

    @property
    def needs_lead(self) -> bool:
        return self.preview.needs == Needs.LEAD

    @cached_property
    def reason(self) -> ReasonCode | None:
        return ReasonCode.objects.filter(code=self.proposal.reason_code).first()

    @property
    def reason_label(self) -> str:
        return self.reason.label if self.reason else self.proposal.reason_code

    @property
    def description(self) -> str:
        """What the event will say, for the customer."""
        return self.reason.text if self.reason else ""
