"""What of a text in the search box is taken for an amount."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from projections.admin.amount_terms import AmountTerms, amount_terms

TODAY = date(2026, 3, 2)
YESTERDAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("23.40", AmountTerms(Decimal("23.40"))),
        ("-2.50", AmountTerms(Decimal("-2.50"))),
        ("\u22122.50", AmountTerms(Decimal("-2.50"))),
        ("sgd 23.40", AmountTerms(Decimal("23.40"), "SGD")),
        ("23.40 SGD", AmountTerms(Decimal("23.40"), "SGD")),
        ("SGD23.40", AmountTerms(Decimal("23.40"), "SGD")),
        ("23.40 2026-03-01", AmountTerms(Decimal("23.40"), "", YESTERDAY)),
        ("23.40 yesterday", AmountTerms(Decimal("23.40"), "", YESTERDAY)),
        ("Today JPY 1200", AmountTerms(Decimal(1200), "JPY", TODAY)),
        ("0", AmountTerms(Decimal(0))),
        ("23,40", AmountTerms(Decimal("23.40"))),
        ("-23,4", AmountTerms(Decimal("-23.4"))),
        ("$23.40", AmountTerms(Decimal("23.40"))),
        ("-$23.40", AmountTerms(Decimal("-23.40"))),
        ("€ 23,40 yesterday", AmountTerms(Decimal("23.40"), "", YESTERDAY)),
        ("1,234.50", AmountTerms(Decimal("1234.50"))),
        ("1.234,50", AmountTerms(Decimal("1234.50"))),
        ("12,34,567.50 INR", AmountTerms(Decimal("1234567.50"), "INR")),
        ("JPY 1,200", AmountTerms(Decimal(1200), "JPY")),
        ("¥1,200 today", AmountTerms(Decimal(1200), "", TODAY)),
        ("KWD 1.234", AmountTerms(Decimal("1.234"), "KWD")),
        ("23.40SGD", AmountTerms(Decimal("23.40"), "SGD")),
        ("-SGD23.40", AmountTerms(Decimal("-23.40"), "SGD")),
        ("SGD-23.40", AmountTerms(Decimal("-23.40"), "SGD")),
    ],
)
def test_an_amount_may_have_a_currency_and_a_day(text: str, expected: AmountTerms) -> None:
    assert amount_terms(text, today=TODAY) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "BK-1",
            "1,2,3",
            "1,23.40",
            "1.23,40",
            "0,234.50",
            "--1.00",
            "1_0.00",
            "１２.００",
            "23.40 23.50",
            "SGD MYR 1.00",
            "SGD",
            "2026-03-01",
            "1e5",
        ),
        *("23.40 2026-02-30", "023.40", "23.40000", "23.40 tomorrow", "9" * 17, "23.40\0"),
    ],
)
def test_all_else_is_no_amount(text: str) -> None:
    assert amount_terms(text, today=TODAY) is None


def test_a_whole_number_alone_may_as_well_be_an_id() -> None:
    plain = {text: amount_terms(text, today=TODAY) for text in ("1200", "1200.00", "23.40", "JPY 1200")}
    assert {text: terms and terms.is_plain for text, terms in plain.items()} == {
        "1200": True,
        "1200.00": True,
        "23.40": False,
        "JPY 1200": False,
    }
