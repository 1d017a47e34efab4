"""Slugs and amounts as a person reads them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from projections.wording import amount_text, capitalised, money_text, signed_text, words


def test_slugs_become_words() -> None:
    assert words("waiting_fee") == "waiting fee"
    assert words("toll-gateway") == "toll gateway"
    assert capitalised("toll-gateway") == "Toll gateway"


@pytest.mark.parametrize(
    ("amount", "exponent", "text"),
    [
        ("23.4", 2, "23.40"),
        ("1250000", 0, "1,250,000"),
        ("3.825", 3, "3.825"),
        ("-3", 2, "−3.00"),
        ("0", 2, "0.00"),
        ("9999999999999.99", 2, "9,999,999,999,999.99"),
    ],
)
def test_an_amount_shows_all_decimals_grouped_with_a_real_minus(
    amount: str, exponent: int, text: str
) -> None:
    assert amount_text(Decimal(amount), exponent) == text


def test_a_change_always_shows_its_sign_and_none_if_it_is_zero() -> None:
    assert signed_text(Decimal("5"), 2) == "+5.00"
    assert signed_text(Decimal("-2"), 2) == "−2.00"
    assert signed_text(Decimal("0"), 2) == "0.00"


def test_money_stands_beside_its_currency() -> None:
    assert money_text(Decimal("-3"), "SGD", 2) == "SGD −3.00"
