"""Slugs and amounts as a person reads them: "waiting fee", "SGD -1,250.40"."""

from __future__ import annotations

from decimal import Decimal

MINUS = "\N{MINUS SIGN}"

ACRONYMS = {word.lower(): word for word in ("ERP", "GST", "ID", "MTA", "TLC", "VAT")}
"""Words of slugs that are written in capitals."""


def words(slug: str) -> str:
    """A component or source slug in words: `waiting_fee` is "waiting fee", `mta-tax` "MTA tax"."""
    return " ".join(ACRONYMS.get(word, word) for word in slug.replace("_", " ").replace("-", " ").split(" "))


def capitalised(slug: str) -> str:
    """The same at the start of a sentence. Only the first letter is touched."""
    text = words(slug)
    return text[:1].upper() + text[1:]


def amount_text(amount: Decimal, exponent: int) -> str:
    """All decimals, thousands grouped, with a real minus sign: "1,250.40", "-3.00", "1,200"."""
    text = f"{abs(amount):,.{exponent}f}"
    return f"{MINUS}{text}" if amount < 0 else text


def signed_text(change: Decimal, exponent: int) -> str:
    """A change with its sign ("+5.00", "-2.00"), so that colour never carries it alone; zero has none."""
    text = amount_text(change, exponent)
    return f"+{text}" if change > 0 else text


def money_text(amount: Decimal, currency: str, exponent: int) -> str:
    """An amount beside its currency: "SGD 23.40", "SGD -3.00"."""
    return f"{currency} {amount_text(amount, exponent)}"
