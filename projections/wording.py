"""The words of `events.wording`, and those that only charts and sums need."""

from __future__ import annotations

from decimal import Decimal

from events.wording import MINUS, amount_text, capitalised, money_text, signed_text, words

__all__ = [
    "MINUS",
    "NEARLY_ZERO",
    "NO_BREAK",
    "TIMES",
    "UNITS",
    "amount_text",
    "capitalised",
    "money_text",
    "rounded_text",
    "signed_text",
    "words",
]

TIMES = "\N{MULTIPLICATION SIGN}"
NEARLY_ZERO = "≈0"
NO_BREAK = "\N{NO-BREAK SPACE}"

UNITS = {0: "", 3: "k", 6: "M", 9: "B", 12: "T"}
"""Powers of ten that amounts may be told in, where there is little room."""


def rounded_text(amount: Decimal, power: int, decimals: int) -> str:
    """An amount in thousands, millions …: "1.25M", "320k"; "≈0" for what only rounding makes zero."""
    text = amount_text(amount.scaleb(-power), decimals) + UNITS[power]
    return NEARLY_ZERO if amount and not any(figure in text for figure in "123456789") else text
