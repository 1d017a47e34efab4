"""An amount is the same number whichever way it is written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import money


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 4))
def test_minor_units_decimals_and_text_agree(minor: int, exponent: int) -> None:
    amount = money.from_minor(minor, exponent)
    text = money.format_amount(amount, exponent)
    assert money.to_minor(amount, exponent) == minor
    assert Decimal(text) == amount
    if minor >= 0:
        assert money.parse_amount(text) == amount


@given(st.text(max_size=24))
def test_a_text_is_an_amount_by_the_rule_or_refused(text: str) -> None:
    plain = text.isascii() and text.replace(".", "", 1).isdigit()
    try:
        amount = money.parse_amount(text)
    except ValueError:
        return
    assert plain
    assert Decimal(text) == amount


@given(st.integers(0, 10**15 - 1), st.integers(1, 4))
def test_no_digit_is_rounded_away(minor: int, exponent: int) -> None:
    amount = money.from_minor(minor, exponent)
    if minor % 10:
        with pytest.raises(ValueError, match="decimals"):
            money.to_minor(amount, exponent - 1)
    else:
        assert money.to_minor(amount, exponent - 1) == minor // 10
