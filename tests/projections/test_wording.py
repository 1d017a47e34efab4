"""Slugs and amounts as a person reads them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from projections.wording import amount_text, capitalised, money_text, rounded_text, signed_text, words


def test_slugs_become_words() -> None:
    assert words("waiting_fee") == "waiting fee"
    assert words("toll-gateway") == "toll gateway"
    assert capitalised("toll-gateway") == "Toll gateway"


def test_acronyms_keep_their_capitals() -> None:
    assert words("mta_tax") == "MTA tax"
    assert capitalised("tlc") == "TLC"
    assert words("validity") == "validity"


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


@pytest.mark.parametrize(
    ("amount", "power", "decimals", "text"),
    [
        ("1234.56", 0, 0, "1,235"),
        ("1234.56", 3, 1, "1.2k"),
        ("-320000", 3, 0, "−320k"),
        ("12500000", 6, 1, "12.5M"),
        ("9999999999999.99", 12, 0, "10T"),
        ("0", 3, 1, "0.0k"),
        ("0.01", 0, 0, "≈0"),
    ],
)
def test_amounts_are_rounded_to_a_unit(amount: str, power: int, decimals: int, text: str) -> None:
    assert rounded_text(Decimal(amount), power, decimals) == text
