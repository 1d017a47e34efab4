"""What is on the page of one correction: what was proposed, what it would do by now, what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.functional import cached_property

from events import corrections, history
from events.admin.corrections.comparison import Comparison
from events.admin.corrections.event_words import EventWords
from events.admin.corrections.lines import CorrectionLine, lines_of
from events.admin.corrections.urls import event_url, fare_url, propose_url
from events.corrections import Kind, Needs, Review, State, people
from events.corrections.models import Correction
from events.corrections.planning import Outcome, outcome
from events.errors import LedgerError, NeedsLead, NotPermitted, SelfApproval
from events.event import FareEvent

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True)
class Typed:
    """What somebody typed to decide, and why it was refused; the version that they had seen."""

    reason: str = ""
    error: str = ""
    seen_version: int | None = None


@dataclass(frozen=True)
class ReviewPage:
    """One correction, as this person sees it."""

    correction: Correction
    user: User
    typed: Typed

    @cached_property
    def line(self) -> CorrectionLine:
        (line,) = lines_of([self.correction], self.user)
        return line

    @cached_property
    def review(self) -> Review | None:
        """As of now; of one that was decided there is none."""
        return corrections.review(self.correction) if self.correction.state == State.PROPOSED else None

    @property
    def proposed(self) -> Comparison | None:
        """On the fare that the maker saw."""
        return None if self.review is None else Comparison(self.review.proposed)

    @property
    def now(self) -> Comparison | None:
        """On the fare as it is."""
        return None if self.review is None else Comparison(self.review.now.outcome)

    @cached_property
    def done(self) -> Comparison:
        """Of a decided one: what it did, or would have done to the fare that its maker saw."""
        booking_id, made = self.correction.booking_id, self.correction.event_version
        head = history.event_of(booking_id, made - 1 if made else self.correction.seen_version)
        corrected = history.event_of(booking_id, self.correction.corrects_version)
        if made is None:
            return Comparison(outcome(self.correction, head, corrected))
        event = history.event_of(booking_id, made)
        planned = corrections.Planned(event.type, event.component, event.amount, event.allow_negative)
        return Comparison(Outcome(head, corrected, planned, None))

    @property
    def moved(self) -> list[EventWords]:
        """What came since it was proposed."""
        return [] if self.review is None else [EventWords(event) for event in self.review.now.moved]

    @property
    def moved_meanwhile(self) -> list[EventWords]:
        """Of these, what came while this person was looking."""
        seen = self.typed.seen_version
        return [] if seen is None else [event for event in self.moved if event.version > seen]

    @cached_property
    def head(self) -> FareEvent:
        return self.review.now.head if self.review else history.last_of(self.correction.booking_id)

    @cached_property
    def corrected(self) -> EventWords:
        return EventWords(history.event_of(self.correction.booking_id, self.correction.corrects_version))

    @property
    def needs(self) -> Needs:
        by_now = self.review.now.needs if self.review else None
        return by_now or Needs(self.correction.needs)

    @property
    def needs_reason(self) -> str:
        """Who must approve and why, in words."""
        return self.review.now.why if self.review else self.correction.needs_reason

    @property
    def impossible(self) -> LedgerError | None:
        """Why it cannot be made by now, whoever approves."""
        return self.review.now.refusal if self.review else None

    @cached_property
    def refusal(self) -> LedgerError | None:
        """Why this person cannot approve it."""
        return corrections.refusal_to_approve(self.correction, self.user, self.needs)

    @property
    def can_approve(self) -> bool:
        return self.refusal is None and self.impossible is None

    @property
    def can_reject(self) -> bool:
        is_open = self.correction.state == State.PROPOSED
        return is_open and not self.line.is_mine and self.user.has_perm(people.DECIDE)

    @property
    def can_withdraw(self) -> bool:
        is_open = self.correction.state == State.PROPOSED
        return is_open and self.line.is_mine and self.user.has_perm(people.PROPOSE)

    @property
    def made_it(self) -> bool:
        """Whether they cannot approve it because it is their own."""
        return isinstance(self.refusal, SelfApproval) or (self.line.is_mine and self.line.is_waiting)

    @property
    def lacks_right(self) -> bool:
        return isinstance(self.refusal, NotPermitted)

    @property
    def lacks_lead(self) -> bool:
        return isinstance(self.refusal, NeedsLead)

    @cached_property
    def customer_text(self) -> str:
        """As it will read once it is approved, or reads now that it was decided."""
        return self.review.now.customer_text if self.review else corrections.customer_text(self.correction)

    @property
    def is_recomputed(self) -> bool:
        """Whether a moved fare makes another event of it."""
        return self.correction.kind == Kind.SHOULD_BE

    @property
    def decided_at(self) -> datetime | None:
        return self.correction.decided_at

    @property
    def fare_url(self) -> str:
        """The fare page; of an approved one, at its event."""
        return fare_url(self.correction.booking_id, self.correction.event_version, of=self.head.version)

    @property
    def event_url(self) -> str:
        """The page of the event that it appended."""
        return event_url(self.correction.booking_id, self.correction.event_version or 0)

    @property
    def again_url(self) -> str:
        """Where the same event's correction can be proposed anew."""
        return propose_url(self.correction.booking_id, self.correction.corrects_version)
