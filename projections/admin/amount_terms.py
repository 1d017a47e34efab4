"""An amount as somebody types it who has a complaint before him: "23.40", "$1,234.50", "SGD 23.40 yesterday"."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

_DOT: Final = re.compile(r"(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,4})?")
# A comma with three digits after it parts thousands: fares of three decimals are written with a dot.
_COMMA: Final = re.compile(r"(?:0|[1-9][0-9]{0,15}),(?:[0-9]{1,2}|[0-9]{4})")
_COMMAS_PART: Final = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{2,3}){0,4},[0-9]{3}(?:\.[0-9]{1,4})?")
_DOTS_PART: Final = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,5},[0-9]{1,4}")

_CURRENCY: Final = re.compile(r"[A-Za-z]{3}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_JOINED: Final = re.compile(r"(?<![^\s])([-\u2212]?)([A-Za-z]{3})(?=[-\u2212]?[0-9])")
_TRAILED: Final = re.compile(r"(?<=[0-9])([A-Za-z]{3})(?![^\s])")


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
    for word in _parted(text).split():
        day = _day(word, today)
        if day is not None:
            days.append(day)
        elif (amount := amount_of(word)) is not None:
            amounts.append(amount)
        elif _CURRENCY.fullmatch(word):
            currencies.append(word.upper())
        else:
            return None
    if len(amounts) != 1 or len(currencies) > 1 or len(days) > 1:
        return None
    return AmountTerms(amounts[0], currencies[0] if currencies else "", days[0] if days else None)


def amount_of(text: str) -> Decimal | None:
    """A fare as people write one: with a dot or a comma before its decimals, its thousands parted by the other, with a
    minus for one below zero; None if it is none."""
    digits = text.removeprefix("-").removeprefix("\u2212")
    if _COMMA.fullmatch(digits):
        number = digits.replace(",", ".")
    elif _COMMAS_PART.fullmatch(digits):
        number = digits.replace(",", "")
    elif _DOTS_PART.fullmatch(digits):
        number = digits.replace(".", "").replace(",", ".")
    elif _DOT.fullmatch(digits):
        number = digits
    else:
        return None
    return Decimal(number) if digits == text else -Decimal(number)


def _parted(text: str) -> str:
    """Signs of currencies are left out, as one may stand for several; "SGD23.40" and "23.40SGD" are two words."""
    text = "".join(character for character in text if unicodedata.category(character) != "Sc")
    return _TRAILED.sub(r" \1", _JOINED.sub(r"\2 \1", text))


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
