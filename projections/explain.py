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


@dataclass(frozen=True, slots=True)
class Term:
    """One part of the sum that makes a fare."""

    name: str
    amount: Decimal


def explain_fare(components: Mapping[str, Decimal], currency: str, exponent: int) -> str:
    """One sentence on how the fare is made up: "The fare is SGD 23.40: base fare 14.00 + toll 5.00 …"."""
    fare = sum(components.values(), Decimal(0))
    terms = terms_of(components)
    parts = {"fare": money_text(fare, currency, exponent), "sum": sum_text(terms, exponent)}
    if not terms:
        return _("The fare is %(fare)s: nothing is due.") % parts
    if fare < 0:
        return _("The fare is %(fare)s, which is below zero: %(sum)s.") % parts
    if len(terms) == 1:
        return _("The fare is %(fare)s, all of it %(component)s.") % {**parts, "component": terms[0].name}
    return _("The fare is %(fare)s: %(sum)s.") % parts


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


def _who(event: FareEvent) -> str:
    """The service, and the person where one is named. Isolated, since a name may run from right to left."""
    source = capitalised(event.source)
    if not event.actor:
        return source
    return _("%(source)s (%(actor)s)") % {"source": source, "actor": f"\u2068{event.actor}\u2069"}
