"""A number as files write it → an exact amount of a currency."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from functools import lru_cache

from events.importing.rows import RowRefused

MISSING = frozenset({"", "nan", "null", "none", "\\n", "n/a"})
"""How files write that there is no value, in lower case."""

FLOAT_NOISE = Decimal("0.000001")
"""A value this near to the currency's decimals was a float once: 0.30000000000000004 is 0.30."""

# .5 is how some years write 0.5; but 2. is what a cut leaves of 2.5, and no file writes it on purpose.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
_LONGEST = 40
_EXACT = Context(prec=150)


def is_missing(text: str) -> bool:
    return text.strip().lower() in MISSING


@lru_cache(maxsize=65_536)
def money(text: str, exponent: int, decimal: str = ".", thousands: str = "") -> Decimal | None:
    """The signed amount that `text` stands for, with exactly `exponent` decimals; None if it is missing.

    Raises RowRefused for what is no number, and for more decimals than the currency has unless the rest is
    nothing but float noise. Zero has no sign.
    """
    if is_missing(text):
        return None
    number = _number(text, decimal, thousands)
    rounded = number.quantize(Decimal(1).scaleb(-exponent), context=_EXACT)
    if abs(rounded - number) >= FLOAT_NOISE:
        raise RowRefused("too_many_decimals", f"{text.strip()} has more than {exponent} decimals")
    return rounded if rounded else abs(rounded)


@lru_cache(maxsize=65_536)
def plain_number(text: str) -> int | Decimal | str:
    """A number of a file as metadata keeps it: 1.0 and 01 are 1, .50 is 0.5; other text stays as it is."""
    text = text.strip()
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text) or "e" in text.lower():
        return text
    number = Decimal(text)
    whole = int(number)
    return whole if whole == number else Decimal(f"{number:f}".rstrip("0"))


def _number(text: str, decimal: str, thousands: str) -> Decimal:
    plain = text.strip()
    if thousands:
        plain = _without_thousands(plain, decimal, thousands)
    if decimal != ".":
        if "." in plain:
            raise _no_number(text)
        plain = plain.replace(decimal, ".")
    if len(plain) > _LONGEST or not _NUMBER.fullmatch(plain):
        raise _no_number(text)
    return Decimal(plain)


def _without_thousands(text: str, decimal: str, thousands: str) -> str:
    """1.234,50 without its dots. They must stand between groups of three, so 12.50 is not taken for 1250."""
    whole, point, fraction = text.partition(decimal)
    groups = whole.lstrip("+-").split(thousands)
    if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:])):
        raise _no_number(text)
    return whole.replace(thousands, "") + point + fraction


def _no_number(text: str) -> RowRefused:
    return RowRefused("not_a_number", f"{text.strip()[:_LONGEST]!r} is not an amount")
