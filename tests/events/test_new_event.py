"""An intended change is checked when it is made, and everything that is wrong with it is named at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from events.errors import InvalidEvent
from events.event import EventType
from events.new_event import NewEvent

VALID: dict[str, Any] = {
    "transaction_id": "0AD4A8F1-8b44-4fe1-a01c-2ce4f61ac04c",
    "expected_version": Decimal("0"),
    "type": "SET",
    "component": "base_fare",
    "amount": "14.00",
    "currency": "SGD",
}


def from_json(**fields: Any) -> NewEvent:
    body = {name: value for name, value in {**VALID, **fields}.items() if value is not ...}
    return NewEvent.from_json(body, booking_id="BK-1")


def broken(**fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidEvent) as refusal:
        from_json(**fields)
    return [(error.pointer, error.code) for error in refusal.value.errors]


def test_fields_are_kept_as_what_they_stand_for() -> None:
    event = from_json(occurred_at="2026-05-03T16:05:00.5+02:00")
    assert event.transaction_id == UUID("0ad4a8f1-8b44-4fe1-a01c-2ce4f61ac04c")
    assert (event.expected_version, event.type, event.amount) == (0, EventType.SET, Decimal("14.00"))
    assert event.occurred_at == datetime(2026, 5, 3, 14, 5, 0, 500000, tzinfo=UTC)
    assert event.metadata is not None
    assert event.allow_negative is False


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("transaction_id", 7, "not_a_string"),
        ("transaction_id", None, "not_a_string"),
        ("transaction_id", "0ad4a8f18b444fe1a01c2ce4f61ac04c", "invalid_uuid"),
        ("transaction_id", "{0ad4a8f1-8b44-4fe1-a01c-2ce4f61ac04c}", "invalid_uuid"),
        ("transaction_id", "0ad4a8f1-8b44-4fe1-a01c-2ce4f61ac04c\n", "invalid_uuid"),
        ("expected_version", Decimal("-1"), "invalid_version"),
        ("expected_version", Decimal("1.0"), "invalid_version"),
        ("expected_version", Decimal("1E+2"), "invalid_version"),
        ("expected_version", Decimal(2**63), "invalid_version"),
        ("expected_version", True, "invalid_version"),
        ("expected_version", "1", "invalid_version"),
        ("expected_version", "ANY", "invalid_version"),
        ("expected_version", None, "invalid_version"),
        ("type", "set", "unknown_type"),
        ("type", "MUL", "unknown_type"),
        ("type", ["SET"], "not_a_string"),
        ("component", "Toll", "invalid_component"),
        ("component", "toll\n", "invalid_component"),
        ("component", "1toll", "invalid_component"),
        ("component", "", "invalid_component"),
        ("component", "a" * 49, "invalid_component"),
        ("component", "tôll", "invalid_component"),
        ("amount", Decimal("14.00"), "not_a_string"),
        ("amount", None, "not_a_string"),
        ("amount", True, "not_a_string"),
        ("amount", {"value": "1"}, "not_a_string"),
        ("amount", "-1.00", "invalid_amount"),
        ("amount", "１２.００", "invalid_amount"),
        ("amount", "1_0.00", "invalid_amount"),
        ("amount", "1e3", "invalid_amount"),
        ("amount", "0.12345", "invalid_amount"),
        ("amount", "", "invalid_amount"),
        ("currency", "XXX", "unknown_currency"),
        ("currency", "sgd", "unknown_currency"),
        ("currency", Decimal(1), "not_a_string"),
        ("description", "a" * 501, "too_long"),
        ("description", "two\nlines", "control_character"),
        ("description", "nul\0", "control_character"),
        ("description", "half \ud800", "control_character"),
        ("description", Decimal(1), "not_a_string"),
        ("actor", "a" * 129, "too_long"),
        ("actor", "bell\a", "control_character"),
        ("occurred_at", "2026-05-03", "invalid_time"),
        ("occurred_at", "2026-05-03T14:05:00", "invalid_time"),
        ("occurred_at", "2026-05-03T14:05:60Z", "invalid_time"),
        ("occurred_at", "2026-02-30T14:05:00Z", "invalid_time"),
        ("occurred_at", "2026-05-03T14:05:00+25:00", "invalid_time"),
        ("occurred_at", "2026-05-03T14:05:00+00:60", "invalid_time"),
        ("metadata", {"n": 10**400}, "number_out_of_range"),
        ("occurred_at", "1969-12-31T23:59:59Z", "time_out_of_range"),
        ("occurred_at", "0001-01-01T00:00:00+14:00", "time_out_of_range"),
        ("occurred_at", "9999-12-31T23:59:59-12:00", "time_out_of_range"),
        ("occurred_at", Decimal("1777777777"), "not_a_string"),
        ("metadata", [], "not_an_object"),
        ("metadata", "{}", "not_an_object"),
        ("metadata", {"a": "x" * 32768}, "too_large"),
        ("allow_negative", "true", "not_a_boolean"),
        ("allow_negative", Decimal(1), "not_a_boolean"),
        ("allow_negative", None, "not_a_boolean"),
    ],
    ids=lambda case: repr(case)[:40],
)
def test_a_broken_field_is_named(field: str, value: Any, code: str) -> None:
    found = broken(**{field: value})
    assert [code for _, code in found] == [code]
    assert found[0][0].startswith(f"/{field}")


def test_everything_that_is_wrong_is_named_at_once() -> None:
    found = broken(amount=Decimal("1.5"), type="MUL", component=..., ammount="1.00", **{"a/b": 1})
    assert set(found) == {
        ("/a~1b", "unknown_field"),
        ("/ammount", "unknown_field"),
        ("/amount", "not_a_string"),
        ("/component", "required"),
        ("/type", "unknown_type"),
    }
    assert len(found) == 5


@pytest.mark.parametrize("body", [None, [], "x", True, Decimal(1)], ids=repr)
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    with pytest.raises(InvalidEvent) as refusal:
        NewEvent.from_json(body, booking_id="BK-1")
    assert refusal.value.errors[0].code == "not_an_object"


@pytest.mark.parametrize(
    "field", ["booking_id", "source", "origin", "version", "fare", "recorded_at", "correction_id"]
)
def test_what_the_ledger_decides_cannot_be_sent(field: str) -> None:
    assert broken(**{field: "x"}) == [(f"/{field}", "unknown_field")]


@pytest.mark.parametrize("booking_id", ["", "-1", ".a", "a b", "a/b", "ü", "a" * 65, "BK-1\n", "a\0"])
def test_a_booking_id_has_its_form(booking_id: str) -> None:
    with pytest.raises(InvalidEvent) as refusal:
        NewEvent.from_json(VALID, booking_id=booking_id)
    assert [(e.pointer, e.code) for e in refusal.value.errors] == [("/booking_id", "invalid_booking_id")]


@pytest.mark.parametrize(
    "amount", [1, 1.5, True, Decimal("NaN"), Decimal("Infinity"), Decimal("-1"), Decimal("1.00001")]
)
def test_from_python_too_an_amount_is_exact_and_has_no_sign(amount: Any) -> None:
    with pytest.raises(InvalidEvent) as refusal:
        NewEvent(**{**VALID, "booking_id": "BK-1", "amount": amount})
    assert refusal.value.errors[0].pointer == "/amount"


def test_from_python_a_decimal_and_a_time_of_any_zone_are_fine() -> None:
    occurred = datetime(2026, 5, 3, 20, 5, tzinfo=timezone(timedelta(hours=8)))
    event = NewEvent(**{**VALID, "booking_id": "BK-1", "amount": Decimal("1E+2"), "occurred_at": occurred})
    assert (event.amount, event.occurred_at) == (Decimal(100), datetime(2026, 5, 3, 12, 5, tzinfo=UTC))
    with pytest.raises(InvalidEvent):
        NewEvent(**{**VALID, "booking_id": "BK-1", "occurred_at": datetime(2026, 5, 3)})  # noqa: DTZ001


def test_from_python_a_float_in_metadata_is_refused() -> None:
    with pytest.raises(InvalidEvent) as refusal:
        NewEvent(**{**VALID, "booking_id": "BK-1", "transaction_id": uuid4(), "metadata": {"km": 3.1}})
    assert [(e.pointer, e.code) for e in refusal.value.errors] == [("/metadata/km", "not_json")]


def test_from_python_an_integer_too_long_to_print_is_refused() -> None:
    assert broken(metadata={"n": 10**5000}) == [("/metadata/n", "number_out_of_range")]


def test_a_day_ahead_is_the_latest_that_can_have_occurred() -> None:
    tomorrow = datetime.now(UTC) + timedelta(hours=23, minutes=59)
    assert from_json(occurred_at=tomorrow.isoformat()).occurred_at == tomorrow
    assert broken(occurred_at=(tomorrow + timedelta(minutes=2)).isoformat()) == [
        ("/occurred_at", "time_out_of_range")
    ]


@pytest.mark.parametrize(("levels", "fits"), [(16, True), (17, False), (40, False)])
def test_metadata_has_at_most_16_levels(levels: int, fits: bool) -> None:
    nested: Any = Decimal(1)
    for _ in range(levels):
        nested = {"a": nested}
    if fits:
        from_json(metadata=nested)
    else:
        assert broken(metadata=nested) == [("/metadata" + "/a" * 16, "too_deep")]


def test_metadata_is_measured_as_it_is_stored() -> None:
    room = 32 * 1024 - len('{"a":""}')
    from_json(metadata={"a": "x" * room})
    assert broken(metadata={"a": "x" * (room + 1)}) == [("/metadata", "too_large")]
    assert broken(metadata={"a": "ü" * (room // 2 + 1)}) == [("/metadata", "too_large")]
