"""Exact amounts: decimal numbers of a currency, never floats.

How many decimals a currency has (its exponent) is ISO 4217's, from the `iso4217` library, unless the setting
`FAREHISTORY_CURRENCY_EXPONENTS` says otherwise ({"IDR": 0}). The ledger fixes a booking's exponent with its
first event, so a changed setting touches new bookings only.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal

from django.conf import settings
from iso4217 import Currency

MAX_MINOR_UNITS = 10**15
"""A fare, and each of its components, stays below this many minor units, either way."""

MAX_EXPONENT = 4

# ASCII digits only: str.isdigit and Decimal also take full-width digits and underscores.
_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,4})?")

# Wide enough for any amount: the default context would round at 28 digits.
_EXACT = Context(prec=60)

_ISO_EXPONENTS: dict[str, int] = {
    currency.code: currency.exponent for currency in Currency if currency.exponent is not None
}


def exponent_of(currency: str) -> int:
    """The number of decimals that a new booking in this currency has, 0 to 4.

    Raises ValueError for a code that ISO 4217 does not list, or lists without minor units (XAU, XXX).
    """
    overrides: dict[str, int] = settings.FAREHISTORY_CURRENCY_EXPONENTS
    exponent = overrides.get(currency, _ISO_EXPONENTS.get(currency))
    if exponent is None:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency with minor units")
    return exponent


def parse_amount(text: str) -> Decimal:
    """The number that an amount in the API's form ("0", "12.50") stands for. Raises ValueError for any other."""
    if not _AMOUNT.fullmatch(text):
        raise ValueError("an amount is written like 12.50: digits, and up to four decimals after a dot")
    return Decimal(text)


def from_minor(minor: int, exponent: int) -> Decimal:
    """1250 minor units at exponent 2 are Decimal("12.50"); every decimal is kept."""
    return Decimal(minor).scaleb(-exponent, context=_EXACT)


def to_minor(amount: Decimal, exponent: int) -> int:
    """Decimal("12.50") at exponent 2 is 1250. Raises ValueError if the amount has more decimals than that."""
    minor = amount.scaleb(exponent, context=_EXACT)
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} has more than {exponent} decimals")
    return int(minor)


def format_amount(amount: Decimal, exponent: int) -> str:
    """The amount with all its decimals and an ASCII minus: "12.50", "-0.500", "1200"."""
    return f"{amount:.{exponent}f}"
