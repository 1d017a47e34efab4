"""A file's number becomes exactly that amount, or the row is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.importing.amounts import money, plain_number
from events.importing.rows import RowRefused


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("5.5", "5.50"),
        ("-0.5", "-0.50"),
        (".50", "0.50"),
        ("7", "7.00"),
        (" 7.00 ", "7.00"),
        ("+3.0", "3.00"),
        ("2.500", "2.50"),
        ("12.500000", "12.50"),
        ("1e1", "10.00"),
        ("-0.0", "0.00"),
    ],
)
def test_a_number_is_read_exactly(text: str, amount: str) -> None:
    assert str(money(text, 2)) == amount


@pytest.mark.parametrize("text", ["0.30000000000000004", "0.29999999999999999", "0.3000000001"])
def test_what_was_a_float_once_is_rounded(text: str) -> None:
    assert money(text, 2) == Decimal("0.30")


@pytest.mark.parametrize("text", ["", " ", "nan", "NaN", "NULL", "None", "\\N"])
def test_a_missing_value_is_none_and_not_zero(text: str) -> None:
    assert money(text, 2) is None


@pytest.mark.parametrize(("text", "exponent"), [("0.305", 2), ("1.5", 0), ("2.00001", 2)])
def test_more_decimals_than_the_currency_has_are_refused(text: str, exponent: int) -> None:
    with pytest.raises(RowRefused) as refusal:
        money(text, exponent)
    assert refusal.value.code == "too_many_decimals"


@pytest.mark.parametrize(
    "text",
    ["abc", "１２.00", "1_0.00", "1,5", "1.2.3", "--1", "$5", "inf", "0x1", "9" * 41, "5 0", "2.", "-2."],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(RowRefused) as refusal:
        money(text, 2)
    assert refusal.value.code == "not_a_number"


@pytest.mark.parametrize(
    ("text", "amount"), [("12,50", "12.50"), ("1.234,5", "1234.50"), ("-1.234.567,89", "-1234567.89")]
)
def test_a_european_number_is_read_with_its_comma_and_dots(text: str, amount: str) -> None:
    assert str(money(text, 2, decimal=",", thousands=".")) == amount


@pytest.mark.parametrize("text", ["12.50", "1.23,4", "1234.567,00", ".123,00", "12,"])
def test_a_dot_that_does_not_part_thousands_is_not_thrown_away(text: str) -> None:
    with pytest.raises(RowRefused):
        money(text, 2, decimal=",", thousands=".")


def test_a_dot_is_no_number_where_the_decimal_sign_is_a_comma() -> None:
    with pytest.raises(RowRefused):
        money("12.50", 2, decimal=",")


@given(st.decimals(-(10**9), 10**9, places=2))
def test_every_amount_with_two_decimals_comes_back_as_it_was(amount: Decimal) -> None:
    assert money(str(amount), 2) == amount


@given(st.text(max_size=60))
def test_any_text_is_an_amount_missing_or_refused(text: str) -> None:
    try:
        amount = money(text, 2)
    except RowRefused:
        return
    assert amount is None or amount.as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("text", "number"),
    [("1.0", "1"), ("01", "1"), (".50", "0.5"), ("1.10", "1.1"), ("N", "N"), ("1e3", "1e3")],
)
def test_metadata_has_one_form_for_a_number_in_whichever_way_the_file_writes_it(
    text: str, number: str
) -> None:
    assert str(plain_number(text)) == number
