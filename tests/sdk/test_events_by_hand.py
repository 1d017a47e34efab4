"""Fare events made by hand: as the platform would have answered them, or not at all."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from farehistory_client.testing import FakeServer, fare_event

from tests.sdk.builders import price


def test_events_made_by_hand_are_like_those_of_the_platform() -> None:
    event = fare_event("BK-1", version=3, type="SUB", component="promo", amount="3", fare="11.00")
    assert (str(event.amount), str(event.change), str(event.fare)) == ("3.00", "-3.00", "11.00")
    assert event.recorded_at <= datetime.now(UTC)
    assert FakeServer().append("BK-1", price())[0].document.keys() == event.document.keys()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"currency": "JPY", "amount": "1.50"}, "1.50 has more decimals than JPY has"),
        ({"currency": "KWD", "amount": "1.0000"}, "1.0000 has more decimals than KWD has"),
        ({"fare": "14.001"}, "14.001 has more decimals than SGD has"),
        ({"fare": Decimal("Infinity")}, "Infinity is no amount"),
        ({"components": {"base_fare": "14.00", "toll": "0.005"}}, "0.005 has more decimals than SGD has"),
        ({"currency": "XAU"}, "'XAU' is no ISO 4217 currency with minor units"),
        ({"currency": "sgd"}, "'sgd' is no ISO 4217 currency"),
    ],
)
def test_no_event_is_made_by_hand_that_the_platform_could_not_have(fields: Any, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        fare_event(**fields)


def test_zero_has_no_sign_by_hand_either() -> None:
    event = fare_event(type="SUB", component="promo", amount=0)
    assert [event.document[name] for name in ("amount", "change", "fare")] == ["0.00", "0.00", "0.00"]
