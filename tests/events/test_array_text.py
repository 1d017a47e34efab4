"""Arrays as text: PostgreSQL reads what was written, whatever stands in it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.database import array_text, binding_cursor
from events.event import EventType


def read_back(array_type: str, values: list[Any]) -> list[Any]:
    with binding_cursor() as cursor:
        cursor.execute(f"SELECT %s::{array_type}", [array_text(values)])
        (found,) = cursor.fetchone()  # type: ignore[misc]
    return list(found)


TEXTS = st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        TEXTS | st.sampled_from(["", "NULL", "null", '"', "\\", '\\"', "{", "},{", ",", " x ", "\n", "'"])
    )
)
def test_texts_come_back_as_they_are(values: list[str | None]) -> None:
    assert read_back("text[]", values) == values


@pytest.mark.parametrize(
    ("array_type", "values"),
    [
        ("uuid[]", [uuid4(), None]),
        ("integer[]", [0, None, 2_147_483_647]),
        ("numeric[]", [Decimal("14.00"), Decimal("1E+3"), Decimal("0.0001")]),
        ("boolean[]", [True, False]),
        (
            "timestamptz[]",
            [datetime(2026, 5, 3, 14, 5, 0, 123456, UTC), datetime(1970, 1, 1, tzinfo=UTC), None],
        ),
    ],
)
def test_other_values_come_back_equal(array_type: str, values: list[Any]) -> None:
    assert read_back(array_type, values) == values


def test_a_type_of_event_is_its_word() -> None:
    assert array_text([EventType.SET]) == '{"SET"}'
