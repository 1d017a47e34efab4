"""What may come, in the field's words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from events.money import exponent_of

CURRENCIES = ("JPY", "SGD", "KWD", "CLF")
COMPONENTS = ("base_fare", "toll", "waiting_fee", "promo", "refund")

currencies = st.sampled_from(CURRENCIES)
components = st.sampled_from(COMPONENTS)


def amounts(currency: str, most: int = 10**6) -> st.SearchStrategy[Decimal]:
    """Amounts of a currency, down to its smallest unit."""
    exponent = exponent_of(currency)
    return st.integers(0, most).map(lambda minor: Decimal(minor).scaleb(-exponent))


@st.composite
def changes(draw: st.DrawFn, currency: str) -> dict[str, Any]:
    """One change, which the ledger may take or refuse."""
    return {
        "type": draw(st.sampled_from(("SET", "ADD", "ADD", "SUB", "SUB"))),
        "component": draw(components),
        "amount": draw(amounts(currency)),
        "allow_negative": draw(st.booleans()),
    }


@st.composite
def histories(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """A currency, and changes that begin with a SET."""
    currency = draw(currencies)
    first = {
        "type": "SET",
        "component": draw(components),
        "amount": draw(amounts(currency)),
        "currency": currency,
    }
    return currency, [first, *draw(st.lists(changes(currency), max_size=12))]


# Any text that PostgreSQL can keep: no NUL, no half of a surrogate pair.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
numbers = st.one_of(
    st.integers(-(10**30), 10**30).map(Decimal),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=6),
    st.builds(
        lambda digits, power: Decimal(digits).scaleb(power), st.integers(-99, 99), st.integers(-300, 300)
    ),
)
metadata = st.dictionaries(
    texts,
    st.recursive(
        st.one_of(st.none(), st.booleans(), numbers, texts),
        lambda children: st.one_of(
            st.lists(children, max_size=3), st.dictionaries(texts, children, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=4,
)
