"""Rule 6: exact amounts, decimals by ISO 4217."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from events import money

REFERENCE = Path(__file__).parents[3] / "shared" / "data" / "iso4217_minor_units.csv"


def test_every_currency_has_the_decimals_that_iso_4217_gives_it() -> None:
    if not REFERENCE.exists():
        pytest.skip(f"no reference table at {REFERENCE}")
    with REFERENCE.open(encoding="utf-8") as file:
        expected = {row["code"]: row["iso_minor_units"] for row in csv.DictReader(file)}
    assert {code: exponent(code) for code in expected} == expected


def exponent(code: str) -> str:
    try:
        return str(money.exponent_of(code))
    except ValueError:
        return "N.A."


@pytest.mark.parametrize(("code", "decimals"), [("JPY", 0), ("SGD", 2), ("USD", 2), ("KWD", 3), ("CLF", 4)])
def test_well_known_currencies(code: str, decimals: int) -> None:
    assert money.exponent_of(code) == decimals


@pytest.mark.parametrize("code", ["XXX", "XAU", "XTS", "ABC", "sgd", "SG", "SGDD", "", "ＳＧＤ", "SGD\n"])
def test_what_is_no_currency_with_minor_units_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 4217 currency"):
        money.exponent_of(code)


def test_a_setting_overrides_iso(settings: Any) -> None:
    settings.FAREHISTORY_CURRENCY_EXPONENTS = {"IDR": 0}
    assert money.exponent_of("IDR") == 0


@pytest.mark.parametrize("text", ["0", "12", "12.5", "0.0001", "9999999999999999.9999"])
def test_an_amount_is_the_number_it_is_written_as(text: str) -> None:
    assert money.parse_amount(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "1.", ".5", "01", "1e3", "1_000", "1,5", " 1", "1 ", "1\n", "１２.００", "١٢", "1.23456", "NaN",
     "Infinity",
     "10000000000000000000", "0x10", "1\u00a0"],
)  # fmt: skip
def test_what_only_looks_like_an_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="an amount is written like"):
        money.parse_amount(text)


def test_minor_units_are_exact_at_the_ends_of_the_range() -> None:
    assert money.to_minor(Decimal("9999999999999999.9999"), 4) == 99999999999999999999
    assert money.from_minor(-999999999999999, 3) == Decimal("-999999999999.999")


def test_too_many_decimals_are_never_rounded_away() -> None:
    with pytest.raises(ValueError, match="more than 2 decimals"):
        money.to_minor(Decimal("1.005"), 2)
    assert money.to_minor(Decimal("1.500"), 2) == 150


@pytest.mark.parametrize(
    ("amount", "exponent", "text"),
    [("12.5", 2, "12.50"), ("-0.5", 3, "-0.500"), ("1200", 0, "1200"), ("0", 2, "0.00")],
)
def test_answers_show_all_decimals(amount: str, exponent: int, text: str) -> None:
    assert money.format_amount(Decimal(amount), exponent) == text
