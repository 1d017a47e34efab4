"""A fare and its events as sentences that a support agent can read out. Pure: no database, no request.

The ledger knows fares, not payments: a sentence says what the fare is, never what a customer paid.
Each sentence is one translatable text with placeholders; only the sum (`base fare 14.00 + toll 5.00`) is put
together from terms, which reads the same in every language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.event import EventType, FareEvent, Origin
from projections.wording import MINUS, NO_BREAK, amount_text, capitalised, money_text, words

MAX_TERMS = 7
"""Terms that a sentence lists."""

_WITHOUT_DIRECTION = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Embeddings, overrides and isolates: characters that say in which direction others are to be read."""


@dataclass(frozen=True, slots=True)
class Term:
    """One part of the sum that makes a fare."""

    name: str
    amount: Decimal


def explain_fare(components: Mapping[str, Decimal], currency: str, exponent: int) -> str:
    """One sentence on how the fare is made up: "The fare is SGD 23.40: base fare 14.00 + toll 5.00 …"."""
    texts = _Texts(
        nothing=_("The fare is %(fare)s: nothing is due."),
        below_zero=_("The fare is %(fare)s, which is below zero: %(sum)s."),
        one=_("The fare is %(fare)s, all of it %(component)s."),
        several=_("The fare is %(fare)s: %(sum)s."),
    )
    return texts.fitting(components, currency, exponent)


def explain_past_fare(
    components: Mapping[str, Decimal], currency: str, exponent: int, *, complete: bool = True
) -> str:
    """The same of a fare as it was; `complete`: whether what set the fare is among its events."""
    if not complete:
        return explain_partial_sum(components, currency, exponent)
    texts = _Texts(
        nothing=_("The fare was %(fare)s: nothing was due."),
        below_zero=_("The fare was %(fare)s, which is below zero: %(sum)s."),
        one=_("The fare was %(fare)s, all of it %(component)s."),
        several=_("The fare was %(fare)s: %(sum)s."),
    )
    return texts.fitting(components, currency, exponent)


def explain_partial_sum(components: Mapping[str, Decimal], currency: str, exponent: int) -> str:
    """What events come to that only added and took off."""
    texts = _Texts(
        nothing=_("These changes come to %(fare)s."),
        below_zero=_("These changes come to %(fare)s: %(sum)s."),
        one=_("These changes come to %(fare)s, all of it %(component)s."),
        several=_("These changes come to %(fare)s: %(sum)s."),
    )
    return texts.fitting(components, currency, exponent)


@dataclass(frozen=True, slots=True)
class _Texts:
    """What is said of a sum, by what it is made of."""

    nothing: str
    below_zero: str
    one: str
    several: str

    def fitting(self, components: Mapping[str, Decimal], currency: str, exponent: int) -> str:
        fare = sum(components.values(), Decimal(0))
        terms = terms_of(components)
        parts = {"fare": money_text(fare, currency, exponent), "sum": sum_text(terms, exponent)}
        if not terms:
            return self.nothing % parts
        if fare < 0:
            return self.below_zero % parts
        if len(terms) == 1:
            return self.one % {**parts, "component": terms[0].name}
        return self.several % parts


def text_for_the_customer(
    booking_id: str, components: Mapping[str, Decimal], currency: str, exponent: int
) -> str:
    """The fare in plain lines, to be pasted into a message: no names of services or staff, no special spaces."""
    fare = money_text(sum(components.values(), Decimal(0)), currency, exponent)
    lines = [_("The fare of your booking %(booking)s is %(fare)s.") % {"booking": booking_id, "fare": fare}]
    for term in terms_of(components):
        amount = amount_text(term.amount, exponent)
        lines.append(_("%(component)s: %(amount)s") % {"component": capitalised(term.name), "amount": amount})
    return "\n".join(lines)


def terms_of(components: Mapping[str, Decimal]) -> list[Term]:
    """What the sentence adds up: what was added, then what was taken off. The terms' sum is the fare.

    Components at zero stay out; beyond `MAX_TERMS`, the smallest become one term.
    """
    moving = dict(sorted(((name, amount) for name, amount in components.items() if amount), key=_is_off))
    if len(moving) <= MAX_TERMS:
        return [Term(words(name), amount) for name, amount in moving.items()]
    by_size = sorted(moving, key=lambda name: abs(moving[name]), reverse=True)
    named = set(by_size[: MAX_TERMS - 1])
    others = [amount for name, amount in moving.items() if name not in named]
    rest = ngettext("%(count)d other component", "%(count)d other components", len(others))
    return [
        *(Term(words(name), amount) for name, amount in moving.items() if name in named),
        Term(rest % {"count": len(others)}, sum(others, Decimal(0))),
    ]


def _is_off(component: tuple[str, Decimal]) -> bool:
    return component[1] < 0


def sum_text(terms: Sequence[Term], exponent: int) -> str:
    """`base fare 14.00 + toll 5.00 - promo 2.00`, real minus; a negative first term keeps its sign.

    A line breaks between terms, or within a name, but not between a term's sign, name and amount.
    """
    parts = [f"{term.name}{NO_BREAK}{amount_text(term.amount, exponent)}" for term in terms[:1]]
    for term in terms[1:]:
        sign = MINUS if term.amount < 0 else "+"
        parts.append(NO_BREAK.join((sign, term.name, amount_text(abs(term.amount), exponent))))
    return " ".join(parts)


_STATED_TOTAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,8})?")


def explain_stated_total(events: Sequence[FareEvent], fare: Decimal) -> str | None:
    """What an imported file states, if that is neither the sum of its events nor the `fare` by now.

    The importer keeps it in the SET that the fare stands on; None if that is not among these events.
    """
    latest_set = next((event for event in reversed(events) if event.type == EventType.SET), None)
    total = _stated_total(latest_set) if latest_set and latest_set.origin is Origin.IMPORT else None
    if latest_set is None or total is None or total == fare:
        return None
    decimals = max(latest_set.exponent, -int(total.as_tuple().exponent))
    return _("The imported file states %(total)s, which is not the sum of its events.") % {
        "total": money_text(total, latest_set.currency, decimals)
    }


def _stated_total(event: FareEvent) -> Decimal | None:
    stated = (event.metadata or {}).get("stated_total")
    return Decimal(stated) if isinstance(stated, str) and _STATED_TOTAL.fullmatch(stated) else None


def explain_event(event: FareEvent) -> str:
    """What an event did and who did it: "Toll gateway added SGD 5.00 toll."

    The description is the client's own words, in any language and direction: shown beside, not inside.
    """
    return _event_sentence(event) % {
        "who": _who(event),
        "amount": money_text(event.amount, event.currency, event.exponent),
        "before": money_text(event.fare - event.change, event.currency, event.exponent),
        "component": words(event.component),
    }


def _event_sentence(event: FareEvent) -> str:
    if event.type == EventType.ADD:
        return _("%(who)s added %(amount)s %(component)s.")
    if event.type == EventType.SUB:
        return _("%(who)s took %(amount)s off (%(component)s).")
    if event.version == 1:
        return _("%(who)s set the fare to %(amount)s (%(component)s).")
    return _("%(who)s set the fare from %(before)s to %(amount)s (%(component)s).")


def origin_in_words(origin: Origin) -> str:
    """By which way in an event came to the ledger."""
    return {
        Origin.API: _("the API, from its service"),
        Origin.IMPORT: _("an import of a file"),
        Origin.CORRECTION: _("a correction by staff"),
        Origin.SAMPLE: _("the sample data"),
    }[origin]


def _who(event: FareEvent) -> str:
    """The service, and the person where one is named. Isolated, since a name may run from right to left.

    Marks of direction in the name itself are left out: one that ended the isolation could turn the amounts around.
    """
    source = capitalised(event.source)
    actor = (event.actor or "").translate(_WITHOUT_DIRECTION).strip()
    if not actor:
        return source
    return _("%(source)s (%(actor)s)") % {"source": source, "actor": f"\u2068{actor}\u2069"}
