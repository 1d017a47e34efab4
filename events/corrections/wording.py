"""Corrections in words, for colleagues and for customers. The fare is so much: nobody here knows who paid what."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _

from events import history
from events.corrections.models import Correction, Kind, State
from events.corrections.planning import Outcome, Planned, change_in_words
from events.event import EventType, FareEvent
from events.fold import Fare
from events.wording import capitalised, money_text


def asked_for(correction: Correction) -> str:
    """What was asked for, in one line: "Cancel version 3: take SGD 5.00 off (toll)"."""
    change = change_in_words(planned_of(correction), correction.currency, correction.exponent)
    # After a colon it goes on in lower case.
    parts = {"version": correction.corrects_version, "change": change[:1].lower() + change[1:]}
    if correction.kind == Kind.CONTRA:
        return _("Cancel version %(version)d: %(change)s") % parts
    if correction.target is not None:
        target = money_text(correction.target, correction.currency, correction.exponent)
        return _("The fare should be %(target)s: %(change)s") % {**parts, "target": target}
    return change


def planned_of(correction: Correction) -> Planned:
    """The event as it was proposed."""
    return Planned(
        EventType(correction.type), correction.component, correction.amount, correction.allow_negative
    )


def customer_text(correction: Correction) -> str:
    """What support pastes to the customer, line by line, with the amounts before and after.

    Of a correction that waits: as it will read once it is approved, if the fare does not move. Of a rejected one: that
    the fare stays. Of one that was withdrawn: nothing.
    """
    if correction.state == State.WITHDRAWN:
        return ""
    if correction.state == State.REJECTED:
        return _stays(history.last_of(correction.booking_id))
    if correction.event_version is None:
        seen = history.event_of(correction.booking_id, correction.seen_version)
        before = _fare(seen)
        return _corrected(correction.customer_reason, seen, before, before.after(planned_of(correction)))
    event = history.event_of(correction.booking_id, correction.event_version)
    last = history.event_of(correction.booking_id, correction.event_version - 1)
    return _corrected(correction.customer_reason, event, _fare(last), _fare(event))


def customer_text_of(outcome: Outcome, customer_reason: str) -> str:
    """The same of a correction that is not kept yet; empty if it is refused."""
    if outcome.after is None:
        return ""
    return _corrected(customer_reason, outcome.head, outcome.before, outcome.after)


def _corrected(customer_reason: str, event: FareEvent, before: Fare, after: Fare) -> str:
    return "\n".join(
        [
            _("The fare of booking %(booking)s has been corrected.") % {"booking": event.booking_id},
            _("Reason: %(reason)s") % {"reason": customer_reason},
            *_moved(event, before, after),
            _("The fare is %(after)s; before, it was %(before)s.")
            % {"after": _money(after.amount, event), "before": _money(before.amount, event)},
        ]
    )


def _moved(event: FareEvent, before: Fare, after: Fare) -> Iterator[str]:
    """A line for each component that moves."""
    for name in before.components | after.components:
        old, new = before.components.get(name, Decimal(0)), after.components.get(name, Decimal(0))
        if old != new:
            parts = {"name": capitalised(name), "after": _money(new, event), "before": _money(old, event)}
            yield _("%(name)s: %(after)s; before: %(before)s") % parts


def _stays(head: FareEvent) -> str:
    return _("We checked the fare of booking %(booking)s. It stays as it is: the fare is %(fare)s.") % {
        "booking": head.booking_id,
        "fare": _money(head.fare, head),
    }


def _money(amount: Decimal, event: FareEvent) -> str:
    return money_text(amount, event.currency, event.exponent)


def _fare(event: FareEvent) -> Fare:
    return Fare(event.version, dict(event.components))
