"""Words for tests of the SDK."""

from __future__ import annotations

from typing import Any

from farehistory_client import Change


def price(amount: str = "14.00", **fields: Any) -> Change:
    """The first event of a booking."""
    return Change.set("base_fare", amount, **{"currency": "SGD", **fields})


def toll(amount: str = "5.00", **fields: Any) -> Change:
    return Change.add("toll", amount, **fields)


def promo(amount: str = "3.00", **fields: Any) -> Change:
    return Change.sub("promo", amount, **fields)
