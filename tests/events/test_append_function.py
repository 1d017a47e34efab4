"""The append function by itself: what no caller of ours would send breaks no rule of the ledger either."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors

from events import history, sql
from events.partitions import count, partition_of
from tests.builders import connected, given, new_booking_id, set_

FIELDS = (
    "booking_id",
    "transaction_id",
    "expected_version",
    "type",
    "component",
    "amount",
    "currency",
    "exponent",
    "allow_negative",
    "occurred_at",
    "actor",
    "description",
    "metadata",
    "corrects_version",
    "correction_id",
)


def call(booking: str, *, origin: str = "api", **fields: Any) -> tuple[Any, ...]:
    """One call as the application, each field as it stands."""
    event = {
        "booking_id": booking,
        "transaction_id": uuid4(),
        "expected_version": None,
        "type": "SET",
        "component": "base_fare",
        "amount": 1,
        "currency": "SGD",
        "exponent": 2,
        "allow_negative": False,
        "metadata": "{}",
    } | fields
    arrays = [[event.get(name)] for name in FIELDS]
    with connected("default") as application:
        answer = application.execute(
            sql.statement("append"), [partition_of(booking), "pricing", origin, None, None, *arrays]
        ).fetchone()
    assert answer is not None
    return answer


def test_the_call_itself_is_right() -> None:
    booking = new_booking_id()
    assert call(booking)[1] == "appended"


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata": None},
        {"metadata": "[]"},
        {"metadata": "1"},
        {"metadata": "null"},
        {"metadata": "no json"},
        {"description": "two\nlines"},
        {"actor": "a\tb"},
        {"actor": "\u0085"},
        {"occurred_at": datetime(1969, 12, 31, tzinfo=UTC)},
        {"occurred_at": datetime(2999, 1, 1, tzinfo=UTC)},
        {"occurred_at": "infinity"},
        {"occurred_at": "-infinity"},
        {"occurred_at": "0001-01-01 BC"},
        {"currency": "sgd"},
        {"exponent": 5},
        {"exponent": None},
        {"component": "Toll"},
        {"amount": -1},
        {"amount": "NaN"},
        {"amount": None},
        {"allow_negative": None},
        {"transaction_id": None},
        {"origin": "correction"},
        {"origin": "elsewhere"},
        {"correction_id": UUID(int=1)},
        {"corrects_version": 1},
    ],
    ids=str,
)
def test_what_breaks_a_rule_is_not_written(fields: dict[str, Any]) -> None:
    booking = new_booking_id()
    try:
        outcome = call(booking, **fields)[1]
    except psycopg.Error:
        outcome = "error"
    assert outcome != "appended"
    assert history.head_of(booking) is None


def test_a_booking_in_the_wrong_partition_is_not_written() -> None:
    booking = new_booking_id()
    arrays = [
        [booking],
        [uuid4()],
        [0],
        ["SET"],
        ["base_fare"],
        [1],
        ["SGD"],
        [2],
        [False],
        *[[None]] * 3,
        ["{}"],
        [None],
        [None],
    ]
    with connected("default") as application, pytest.raises(errors.CheckViolation):
        wrong = (partition_of(booking) + 1) % count()
        application.execute(sql.statement("append"), [wrong, "pricing", "api", None, None, *arrays])


def test_a_bookings_items_that_stand_apart_are_refused_whole() -> None:
    """They would be judged by a head that lacks the ones before; the unique keys see it."""
    first, other = given(set_("1.00")), new_booking_id()
    while partition_of(other) != partition_of(first):
        other = new_booking_id()
    bookings = [first, other, first]
    arrays = [
        bookings, [uuid4() for _ in bookings], [None] * 3, ["ADD", "SET", "ADD"], ["toll"] * 3, [1] * 3,
        ["SGD"] * 3, [2] * 3, [False] * 3, *[[None] * 3] * 3, ["{}"] * 3, [None] * 3, [None] * 3,
    ]  # fmt: skip
    with connected("default") as application, pytest.raises(psycopg.OperationalError):
        application.execute(
            sql.statement("append"), [partition_of(first), "pricing", "api", None, None, *arrays]
        )
    head = history.head_of(first)
    assert head is not None
    assert head.version == 1
    assert history.head_of(other) is None
