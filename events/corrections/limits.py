"""Who must approve a correction, by the limits of its currency, and why, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _

from events.corrections.models import Correction, CorrectionLimit, Needs, State
from events.corrections.planning import Outcome
from events.event import EventType, FareEvent
from events.money import from_minor
from events.wording import money_text


@dataclass(frozen=True, slots=True)
class Requirement:
    """Who must approve, and why."""

    needs: Needs
    why: str


def requirement(outcome: Outcome, *, by_id: int, now: datetime) -> Requirement:
    """Who must approve what this person proposes now.

    Nobody, where it stays within the limit together with all that was corrected without a second person of the same
    booking ever, and by the same person this day (UTC). Ask while the person's turn is held, after the head was read:
    then whoever was faster is counted, or has moved the fare.
    """
    head = outcome.head
    limit = _limit(head.currency)
    if limit is None:
        text = _("No limit is set for %(currency)s: a second person must approve.")
        return Requirement(Needs.SECOND_PERSON, text % {"currency": head.currency})
    if needs_lead(outcome, limit):
        text = _("More than %(limit)s: a lead must approve.")
        return Requirement(Needs.LEAD, text % {"limit": _money(limit.lead_above or Decimal(0), head)})
    if outcome.event is not None and outcome.event.type == EventType.SET:
        return Requirement(
            Needs.SECOND_PERSON,
            _("It replaces the whole fare with its breakdown: a second person must approve."),
        )
    return _within(limit, outcome, by_id, now)


def needs_lead(outcome: Outcome, limit: CorrectionLimit | None = None) -> bool:
    """Whether so much moves that only a lead may approve it."""
    limit = limit or _limit(outcome.head.currency)
    return limit is not None and limit.lead_above is not None and outcome.size > limit.lead_above


def _within(limit: CorrectionLimit, outcome: Outcome, by_id: int, now: datetime) -> Requirement:
    head, free = outcome.head, limit.free_up_to
    parts = {"limit": _money(free, head)}
    if outcome.size > free:
        return Requirement(
            Needs.SECOND_PERSON, _("More than %(limit)s: a second person must approve.") % parts
        )
    of_booking = unreviewed_of_booking(head) + outcome.size
    if of_booking > free:
        parts |= {"sum": _money(of_booking, head)}
        text = _(
            "Together with what was corrected of this booking without a second person it is %(sum)s, more than "
            "%(limit)s: a second person must approve."
        )
        return Requirement(Needs.SECOND_PERSON, text % parts)
    of_day = unreviewed_of_day(by_id, head.currency, now) + outcome.size
    if of_day > free:
        parts |= {"sum": _money(of_day, head)}
        text = _(
            "Together with what the same person corrected on that day without a second person it is %(sum)s, more "
            "than %(limit)s: a second person must approve."
        )
        return Requirement(Needs.SECOND_PERSON, text % parts)
    return Requirement(Needs.NOBODY, _("Within the limit of %(limit)s: no second person is needed.") % parts)


def unreviewed_of_booking(head: FareEvent) -> Decimal:
    """How much of a booking was corrected without a second person, ever."""
    corrections = Correction.objects.filter(
        partition=head.partition, booking_id=head.booking_id, state=State.APPROVED, needs=Needs.NOBODY
    )
    minor = corrections.aggregate(sum=Sum("amount_minor"))["sum"]
    return from_minor(int(minor or 0), head.exponent)


def unreviewed_of_day(person: int, currency: str, now: datetime) -> Decimal:
    """How much a person corrected in a currency without a second person on the UTC day of `now`."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    corrections = Correction.objects.filter(
        proposed_by=person, currency=currency, needs=Needs.NOBODY, proposed_at__gte=midnight
    )
    sums = corrections.values_list("exponent").annotate(sum=Sum("amount_minor"))
    return sum((from_minor(int(minor), exponent) for exponent, minor in sums), Decimal(0))


def _limit(currency: str) -> CorrectionLimit | None:
    """The currency's row. NaN, which only SQL can have put there, is the strictest: all needs a lead."""
    limit = CorrectionLimit.objects.filter(currency=currency).first()
    if limit is not None:
        if limit.free_up_to.is_nan():
            limit.free_up_to = Decimal(0)
        if limit.lead_above is not None and limit.lead_above.is_nan():
            limit.lead_above = Decimal(0)
    return limit


def _money(amount: Decimal, head: FareEvent) -> str:
    return money_text(amount, head.currency, max(head.exponent, _decimals(amount)))


def _decimals(amount: Decimal) -> int:
    return max(0, -int(amount.normalize().as_tuple().exponent))
