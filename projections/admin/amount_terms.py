"""An amount as somebody types it who has a complaint before him: "23.40", "SGD 23.40 yesterday", "23.40 2026-03-01"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

_AMOUNT: Final = re.compile(r"[-\u2212]?(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,4})?")
_CURRENCY: Final = re.compile(r"[A-Za-z]{3}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_JOINED: Final = re.compile(r"([A-Za-z]{3})([0-9.]+)")


@dataclass(frozen=True, slots=True)
class AmountTerms:
    """What was typed: a fare, perhaps in a currency, perhaps on a day."""

    amount: Decimal
    currency: str = ""
    day: date | None = None

    @property
    def is_plain(self) -> bool:
        """A whole number and nothing else: more likely an id."""
        return not (self.currency or self.day) and self.amount == self.amount.to_integral_value()


def amount_terms(text: str, *, today: date) -> AmountTerms | None:
    """The words in any order, each kind once; None if there is no amount, or anything else. `today` for "yesterday"."""
    amounts, currencies, days = [], [], []
    for word in _JOINED.sub(r"\1 \2", text).split():
        day = _day(word, today)
        if day is not None:
            days.append(day)
        elif _AMOUNT.fullmatch(word):
            amounts.append(Decimal(word.replace("\u2212", "-")))
        elif _CURRENCY.fullmatch(word):
            currencies.append(word.upper())
        else:
            return None
    if len(amounts) != 1 or len(currencies) > 1 or len(days) > 1:
        return None
    return AmountTerms(amounts[0], currencies[0] if currencies else "", days[0] if days else None)


def _day(word: str, today: date) -> date | None:
    named = {
        "today": today,
        "yesterday": today - timedelta(days=1),
        _("today").lower(): today,
        _("yesterday").lower(): today - timedelta(days=1),
    }
    if word.lower() in named:
        return named[word.lower()]
    try:
        return date.fromisoformat(word) if _DAY.fullmatch(word) else None
    except ValueError:
        return None
