"""From what is wanted to the event that puts it right, on one state of the fare, and what the ledger would say of it.

Pure but for what it asks of the booking's history. The append function has the last word: what is found here is
found earlier, and in words for the person who asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from django.utils.translation import gettext as _

from events import history
from events.corrections.models import Correction, Kind, State
from events.errors import FieldError, InvalidCorrection, LedgerError, NegativeFare, TooManyComponents
from events.event import EventType, FareEvent
from events.field_codes import FieldCode
from events.fold import Fare
from events.judging import MAX_COMPONENTS, impossible
from events.money import to_minor
from events.wording import money_text, words


class Wanted(Protocol):
    """What a correction asks for: a `Proposal` has it, and so has a `Correction` that is kept."""

    @property
    def booking_id(self) -> str: ...
    @property
    def corrects_version(self) -> int: ...
    @property
    def kind(self) -> Kind | str: ...
    @property
    def type(self) -> EventType | str | None: ...
    @property
    def component(self) -> str | None: ...
    @property
    def amount(self) -> Decimal | str | None: ...
    @property
    def target(self) -> Decimal | str | None: ...
    @property
    def allow_negative(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Planned:
    """The event that a correction appends."""

    type: EventType
    component: str
    amount: Decimal
    allow_negative: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a correction comes to on one state of the fare: its event and the fare after it, or why there is none."""

    head: FareEvent
    """The fare before: its last event."""
    corrected: FareEvent
    event: Planned | None
    refusal: LedgerError | None

    @property
    def before(self) -> Fare:
        return Fare(self.head.version, dict(self.head.components))

    @property
    def after(self) -> Fare | None:
        return None if self.event is None else self.before.after(self.event)

    @property
    def size(self) -> Decimal:
        """How much it moves, over all components: what limits are about."""
        if self.event is None or self.after is None:
            return Decimal(0)
        old, new = self.before.components, self.after.components
        zero = Decimal(0)
        return sum((abs(new.get(name, zero) - old.get(name, zero)) for name in old | new), zero)


def outcome(wanted: Wanted, head: FareEvent, corrected: FareEvent) -> Outcome:
    """What the correction comes to on the fare whose last event is `head`. Raises nothing: a refusal is a value."""
    event = None
    try:
        event = _planned(wanted, head, corrected)
        _require_possible(event, head)
    except LedgerError as refusal:
        return Outcome(head, corrected, event if isinstance(refusal, NegativeFare) else None, refusal)
    return Outcome(head, corrected, event, None)


def _planned(wanted: Wanted, head: FareEvent, corrected: FareEvent) -> Planned:
    if wanted.kind == Kind.CONTRA:
        return _contra(wanted, head, corrected)
    if wanted.kind == Kind.SHOULD_BE:
        return _difference(wanted, head, corrected)
    amount = _amount_of(wanted.amount, head, "/amount")
    if amount == 0 and wanted.type != EventType.SET:
        raise InvalidCorrection.at(
            "/amount", "nothing_to_correct", _("An amount of zero would change nothing.")
        )
    component = wanted.component or corrected.component
    if wanted.type == EventType.SET and head.components == {component: amount}:
        raise InvalidCorrection.at("/amount", "nothing_to_correct", _("The fare is exactly that already."))
    return Planned(EventType(str(wanted.type)), component, amount, wanted.allow_negative)


def _contra(wanted: Wanted, head: FareEvent, corrected: FareEvent) -> Planned:
    """The opposite of an ADD or SUB that still counts and was not cancelled before."""
    reason = _why_no_contra(head, corrected)
    if reason is not None:
        code, words_of_it = reason
        raise InvalidCorrection.at("/corrects_version", code, words_of_it)
    opposite = EventType.SUB if corrected.type == EventType.ADD else EventType.ADD
    return Planned(opposite, corrected.component, corrected.amount, wanted.allow_negative)


def _why_no_contra(head: FareEvent, corrected: FareEvent) -> tuple[FieldCode, str] | None:
    version = {"version": corrected.version}
    if corrected.type == EventType.SET:
        return "not_cancellable", _(
            "Version %(version)d sets the fare; only what was added or taken off can be cancelled. "
            "Say instead what the fare should be."
        ) % version
    if corrected.amount == 0:
        return "nothing_to_correct", _(
            "Version %(version)d has an amount of zero: there is nothing to cancel."
        ) % version
    by = cancelled_by(corrected)
    if by is not None and by <= head.version:
        return "already_cancelled", _("Version %(version)d was cancelled already, by version %(by)d.") % {
            **version, "by": by,
        }  # fmt: skip
    later = history.set_after(corrected.booking_id, corrected.version)
    if later is not None and later.version <= head.version:
        return "no_longer_counts", _(
            "Version %(version)d no longer counts: version %(later)d set the fare anew."
        ) % {**version, "later": later.version}
    return None


def cancelled_by(event: FareEvent) -> int | None:
    """The version of the contra that was approved for this event, if one was."""
    approved = Correction.objects.filter(
        partition=event.partition,
        booking_id=event.booking_id,
        corrects_version=event.version,
        kind=Kind.CONTRA,
        state=State.APPROVED,
    )
    return approved.values_list("event_version", flat=True).first()


def _difference(wanted: Wanted, head: FareEvent, corrected: FareEvent) -> Planned:
    """The fare should be X: what is missing is added to the corrected component, what is too much is taken off it."""
    target = _amount_of(wanted.target, head, "/target")
    missing = target - head.fare
    if missing == 0:
        fare = money_text(head.fare, head.currency, head.exponent)
        raise InvalidCorrection.at(
            "/target", "nothing_to_correct", _("The fare is %(fare)s already.") % {"fare": fare}
        )
    kind = EventType.ADD if missing > 0 else EventType.SUB
    return Planned(kind, corrected.component, abs(missing), wanted.allow_negative)


def _amount_of(amount: Decimal | str | None, head: FareEvent, pointer: str) -> Decimal:
    """The amount with all decimals of the booking's currency. Raises InvalidCorrection if it has more."""
    amount = Decimal(amount or 0)
    try:
        to_minor(amount, head.exponent)
    except ValueError:
        text = _("%(currency)s has %(exponent)d decimals in this booking; the amount has more.") % {
            "currency": head.currency,
            "exponent": head.exponent,
        }
        raise InvalidCorrection.at(pointer, "too_many_decimals", text) from None
    return amount.quantize(Decimal(1).scaleb(-head.exponent))


def _require_possible(event: Planned, head: FareEvent) -> None:
    """Raises what the append function would answer: NegativeFare, TooManyComponents, or out of range."""
    before = Fare(head.version, dict(head.components))
    why = impossible(event, before, head.exponent)
    if why == "too_many_components":
        text = _("The fare has %(count)d components already; put the amount on one of them.") % {
            "count": MAX_COMPONENTS
        }
        raise TooManyComponents(text, [FieldError("/component", "too_many_components", text)])
    if why == "out_of_range":
        raise InvalidCorrection.at("/amount", "out_of_range", _("The fare would be out of range."))
    if why == "negative_fare":
        fare = money_text(before.after(event).amount, head.currency, head.exponent)
        raise NegativeFare(
            _("The fare would be %(fare)s, which is below zero. If that is meant, allow it explicitly.")
            % {"fare": fare}
        )


def change_in_words(event: Planned, currency: str, exponent: int) -> str:
    """The event as an instruction: "Take SGD 5.00 off (toll)."""
    parts = {"amount": money_text(event.amount, currency, exponent), "component": words(event.component)}
    if event.type == EventType.ADD:
        return _("Add %(amount)s (%(component)s)") % parts
    if event.type == EventType.SUB:
        return _("Take %(amount)s off (%(component)s)") % parts
    return _("Set the fare to %(amount)s (%(component)s)") % parts
