"""Amounts on their way out: the same number, to its last digit, as the ledger reads it."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from typing import Any
from uuid import uuid4

import pytest
from farehistory_client import ANY, Change, InvalidEvent, Unsettled
from farehistory_client._amounts import text_of
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.builders import price
from tests.sdk.platforms import Platform


@pytest.mark.parametrize(
    ("currency", "amount", "stands"),
    [
        ("SGD", Decimal("1.50000000"), "1.50"),
        ("SGD", "1.50000000", "1.50"),
        ("JPY", Decimal("100.00"), "100"),
        ("JPY", Decimal("1E+3"), "1000"),
        ("KWD", Decimal("1.25").quantize(Decimal("0.000001")), "1.250"),
        ("SGD", Decimal("3.00") * Decimal("0.5000"), "1.50"),
        ("SGD", Decimal("0.000000"), "0.00"),
        ("SGD", Decimal("0E-12"), "0.00"),
        ("SGD", Decimal("0E+12"), "0.00"),
        ("JPY", 999_999_999_999_999, "999999999999999"),
    ],
)
def test_zeros_at_the_end_are_no_decimals(
    fares: Any, booking: str, currency: str, amount: Any, stands: str
) -> None:
    """What comes of a multiplication or of a column with a scale is as exact as what it is equal to."""
    event = fares.append(booking, price(amount, currency=currency), expected_version=0).event
    assert str(event.amount) == str(event.fare) == stands
    assert event.amount == Decimal(amount)


@pytest.mark.parametrize(
    ("currency", "amount"),
    [("SGD", "1.50000001"), ("SGD", "1.005"), ("JPY", "100.01"), ("SGD", "0.00000000000000000000000000001")],
)
def test_a_decimal_that_the_currency_has_not_is_refused_and_never_rounded(
    fares: Any, booking: str, currency: str, amount: str
) -> None:
    with localcontext() as context:
        context.prec = 3  # of the caller's, for other sums
        with pytest.raises(InvalidEvent) as refused:
            fares.append(booking, price(amount, currency=currency), expected_version=0)
    assert [each.pointer for each in refused.value.errors] == ["/amount"]


def test_a_change_that_was_sent_with_its_zeros_is_the_same(
    platform: Platform, fares: Any, booking: str
) -> None:
    """By an earlier version of the client, from a queue: the ledger compares amounts as numbers."""
    of_both = uuid4()
    once, again = (
        Change.set("base_fare", amount, currency="SGD", transaction_id=of_both) for amount in ("1.50", "1.5")
    )
    first = fares.append(booking, once, expected_version=ANY)
    sent = platform.wire.sent[-1].body
    assert b'"amount":"1.5"' in sent
    assert fares.append(booking, again, expected_version=ANY).event == first.event
    (settled,) = fares.settle(Unsettled(f"fares/{booking}/events", sent.replace(b'"1.5"', b'"1.50"')))
    assert settled.replayed


@given(
    st.one_of(
        st.decimals(min_value=0, allow_nan=False, allow_infinity=False, places=None),
        st.builds(
            lambda digits, exponent: Decimal((0, tuple(digits), exponent)),
            st.lists(st.integers(0, 9), min_size=1, max_size=60),
            st.integers(-60, 60),
        ),
    ).filter(lambda amount: abs(amount.adjusted()) < 200)
)
def test_an_amount_goes_out_as_the_number_that_it_is(amount: Decimal) -> None:
    with localcontext() as context:
        context.prec = 1
        text = text_of(Change.add("toll", amount).amount)
    assert re.fullmatch(r"(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?", text)
    assert Decimal(text) == amount
