"""Amounts are Decimals in and out. A float is refused before it can lose a cent."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

_TEXT: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
"""ASCII digits only: Decimal also takes full-width ones, underscores, spaces and exponents."""


def amount_of(value: Decimal | str | int) -> Decimal:
    """The exact amount. Raises TypeError for a float (also a bool), ValueError for what is no amount of money."""
    if isinstance(value, (float, bool)) or not isinstance(value, (Decimal, str, int)):
        raise TypeError(
            f"an amount is a Decimal, a string or an int, never a {type(value).__name__}: {value!r}"
        )
    if isinstance(value, str) and not _TEXT.fullmatch(value):
        raise ValueError(f'{value!r} is no amount: it is written like "12.50"')
    amount = Decimal(value)
    if not amount.is_finite() or (amount.is_signed() and amount):
        raise ValueError(f"an amount has no sign and is finite: {value!r}")
    return amount.copy_abs()  # abs() would round to the context


def text_of(amount: Decimal) -> str:
    """As it goes over the wire: digits, never an exponent, and no zeros at the end of its decimals: the platform counts
    them as decimals, which a currency may not have. The number is the same."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
