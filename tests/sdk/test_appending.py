"""What holds of appends, on the fake and the real platform, from a thread and from an event loop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from farehistory_client import (
    ANY,
    BatchRefused,
    Change,
    CurrencyMismatch,
    FirstEventMustSet,
    Head,
    InvalidBatch,
    InvalidEvent,
    NegativeFare,
    NotAuthenticated,
    PermissionDenied,
    Problem,
    TooLarge,
    TooManyComponents,
    TransactionIdReused,
    VersionConflict,
)

from tests.sdk.builders import price, promo, toll
from tests.sdk.platforms import Platform


def test_an_append_answers_the_event_as_it_stands_in_the_ledger(fares: Any, booking: str) -> None:
    occurred_at = datetime(2026, 5, 3, 14, 5, tzinfo=UTC)
    first = price(
        description="from the meter", actor="mei", occurred_at=occurred_at, metadata={"km": Decimal("8.40")}
    )
    event = fares.append(booking, first, expected_version=0).event
    assert (event.booking_id, event.version, event.type, event.component) == (booking, 1, "SET", "base_fare")
    assert (event.transaction_id, event.source, event.origin) == (first.transaction_id, "pricing", "api")
    assert (event.description, event.actor, event.occurred_at) == ("from the meter", "mei", occurred_at)
    assert event.metadata == {"km": Decimal("8.40")}
    assert (str(event.amount), str(event.change), str(event.fare)) == ("14.00", "14.00", "14.00")
    assert abs(event.recorded_at - datetime.now(UTC)) < timedelta(minutes=1)
    event = fares.append(booking, promo("3.5"), expected_version=1).event
    assert (str(event.amount), str(event.change), str(event.fare)) == ("3.50", "-3.50", "10.50")
    assert event.components == {"base_fare": Decimal("14.00"), "promo": Decimal("-3.50")}
    assert event.head == Head(2, Decimal("10.50"), "SGD")


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "1200"), ("KWD", "1.250"), ("CLF", "0.0001")])
def test_amounts_have_all_decimals_of_their_currency(
    fares: Any, booking: str, currency: str, amount: str
) -> None:
    appended = fares.append(booking, price(amount, currency=currency), expected_version=0)
    assert str(appended.event.fare) == amount


def test_the_same_change_again_is_the_same_event(fares: Any, booking: str) -> None:
    first = fares.append(booking, price(), expected_version=0)
    change = toll(metadata={"gate": 1, "open": True})
    once, again = (fares.append(booking, change, expected_version=ANY) for _ in range(2))
    assert (first.replayed, once.replayed, again.replayed) == (False, False, True)
    assert once.event == again.event
    assert fares.append(booking, change, expected_version=1).replayed, (
        "the version is no part of what is asked for"
    )


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "5.01"},
        {"component": "parking"},
        {"metadata": {"gate": True}},
        {"description": "else"},
        {"actor": "mei"},
        {"allow_negative": True},
        {"occurred_at": datetime(2026, 5, 3, tzinfo=UTC)},
        {"currency": "USD"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_other_content_under_the_same_id_is_refused(fares: Any, booking: str, other: dict[str, Any]) -> None:
    fares.append(booking, price(), expected_version=0)
    fields: dict[str, Any] = {"component": "toll", "amount": "5.00", "metadata": {"gate": 1}}
    fields["transaction_id"] = uuid4()
    fares.append(booking, Change.add(**fields), expected_version=ANY)
    same = Change.add(**{**fields, "amount": "5.0", "currency": "SGD", "metadata": {"gate": Decimal("1.0")}})
    assert fares.append(booking, same, expected_version=ANY).replayed, "numbers are compared as numbers"
    with pytest.raises(TransactionIdReused):
        fares.append(booking, Change.add(**{**fields, **other}), expected_version=ANY)


def test_a_fare_that_has_moved_is_answered_with_the_refusal(fares: Any, booking: str) -> None:
    with pytest.raises(VersionConflict) as unknown:
        fares.append(booking, price(), expected_version=3)
    assert unknown.value.current == Head(0, None, None)
    fares.append(booking, price(), expected_version=0)
    fares.append(booking, toll(), expected_version=1)
    with pytest.raises(VersionConflict) as moved:
        fares.append(booking, promo(), expected_version=1)
    assert moved.value.current == Head(2, Decimal("19.00"), "SGD")
    assert (moved.value.code, moved.value.status) == ("version_conflict", 409)
    assert moved.value.title and moved.value.detail and moved.value.request_id


def test_the_rules_of_a_fare_are_errors_of_their_own(fares: Any, booking: str) -> None:
    with pytest.raises(FirstEventMustSet):
        fares.append(booking, toll(), expected_version=0)
    fares.append(booking, price(), expected_version=0)
    with pytest.raises(CurrencyMismatch):
        fares.append(booking, toll(currency="USD"), expected_version=1)
    with pytest.raises(NegativeFare):
        fares.append(booking, promo("14.01"), expected_version=1)
    assert fares.append(booking, promo("14.01", allow_negative=True), expected_version=1).event.fare < 0
    assert fares.append(booking, toll("0.01"), expected_version=2).event.fare == 0


def test_a_fare_has_a_hundred_components_at_most(fares: Any, booking: str) -> None:
    fares.append(booking, price(), expected_version=0)
    changes = [Change.add(f"part_{n}", "0.01") for n in range(99)]
    fares.append_all([(booking, change, ANY) for change in changes])
    with pytest.raises(TooManyComponents) as refused:
        fares.append(booking, Change.add("one_more", "0.01"), expected_version=ANY)
    assert [each.pointer for each in refused.value.errors] == ["/component"]


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        (price("14.001"), "/amount", "too_many_decimals"),
        (price("9999999999999999"), "/amount", "out_of_range"),
        (price("99999999999999999"), "/amount", "invalid_amount"),
        (price("1.00001"), "/amount", "invalid_amount"),
        (price(currency="XAU"), "/currency", "unknown_currency"),
        (price(currency=None), "/currency", "required"),
        (Change.set("Base", "1.00", currency="SGD"), "/component", "invalid_component"),
        (price(description="x" * 501), "/description", "too_long"),
        (price(description="a\tb"), "/description", "control_character"),
        (price(actor="x" * 129), "/actor", "too_long"),
        (price(occurred_at=datetime(1969, 12, 31, tzinfo=UTC)), "/occurred_at", "time_out_of_range"),
        (price(metadata={"a": {"b/c": "\0"}}), "/metadata/a/b~1c", "nul"),
        (price(metadata={"a": [Decimal("1e999")]}), "/metadata/a/0", "number_out_of_range"),
        (price(metadata={"a": "x" * 33_000}), "/metadata", "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_field_that_breaks_a_rule_is_named(
    fares: Any, booking: str, change: Change, pointer: str, code: str
) -> None:
    with pytest.raises(InvalidEvent) as refused:
        fares.append(booking, change, expected_version=0)
    assert [(each.pointer, each.code) for each in refused.value.errors] == [(pointer, code)]
    assert refused.value.errors[0].detail
    assert refused.value.unsettled is None


def test_metadata_that_is_nested_too_deeply_is_named(fares: Any, booking: str) -> None:
    nested: dict[str, Any] = {}
    for _ in range(16):
        nested = {"a": nested}
    with pytest.raises(InvalidEvent) as refused:
        fares.append(booking, price(metadata=nested), expected_version=0)
    assert [(each.pointer, each.code) for each in refused.value.errors] == [
        ("/metadata" + "/a" * 16, "too_deep")
    ]


@pytest.mark.parametrize("wrong", ["-BK", "B" * 65, "a/b", "ä"])
def test_a_booking_id_that_can_be_none_is_refused(fares: Any, wrong: str) -> None:
    with pytest.raises(Problem) as refused:
        fares.append(wrong, price(), expected_version=0)
    assert refused.value.code in ("invalid_event", "not_found")


def test_a_body_that_is_too_large_is_an_error_of_its_own(fares: Any, booking: str) -> None:
    with pytest.raises(TooLarge):
        fares.append(booking, price(metadata={"a": "x" * 300_000}), expected_version=0)


def test_a_key_does_what_its_scopes_and_components_allow(platform: Platform, booking: str) -> None:
    with pytest.raises(NotAuthenticated):
        platform.client(key="fh_0000000000000000_" + "x" * 43).fare(booking)
    with pytest.raises(PermissionDenied):
        platform.client(scopes=("fares:read",)).append(booking, price(), expected_version=0)
    with pytest.raises(PermissionDenied):
        list(platform.client(scopes=("fares:read",)).feed(until_caught_up=True))
    tolls = platform.client("tolls", components=["toll"])
    with pytest.raises(PermissionDenied):
        tolls.append(booking, price(), expected_version=0)
    tolls.append(booking, Change.set("toll", "1.00", currency="SGD"), expected_version=0)
    with pytest.raises(PermissionDenied):
        tolls.append(booking, Change.set("toll", "1.00", currency="SGD"), expected_version=ANY)


def test_a_dry_run_says_what_would_happen_and_writes_nothing(fares: Any, booking: str) -> None:
    change = price()
    foreseen = fares.dry_run(booking, change, expected_version=0)
    assert (foreseen["outcome"], foreseen["before"]) == ("appended", None)
    assert foreseen["after"] == {"version": 1, "fare": "14.00", "components": {"base_fare": "14.00"}}
    fares.append(booking, change, expected_version=0)
    again = fares.dry_run(booking, change, expected_version=0)
    assert (again["outcome"], again["status"], again["event"]["version"]) == ("replayed", 200, 1)
    with pytest.raises(NegativeFare):
        fares.dry_run(booking, promo("20.00"), expected_version=1)
    assert fares.fare(booking, strong=True).version == 1


def test_a_batch_of_each_for_itself_is_answered_in_its_order(fares: Any, booking: str) -> None:
    change = toll()
    results = fares.append_many(
        [
            (booking, toll(), 0),
            (booking, price(), 0),
            (booking, change, 1),
            (booking, change, 1),
            (booking, promo("99.00"), ANY),
            (booking, price("1.001"), ANY),
        ]
    )
    assert [type(each) for each in (results[0], *results[4:])] == [
        FirstEventMustSet,
        NegativeFare,
        InvalidEvent,
    ]
    assert [(each.event.version, each.replayed) for each in results[1:4]] == [
        (1, False),
        (2, False),
        (2, True),
    ]
    assert [each.pointer for each in results[5].errors] == ["/items/5/amount"]
    assert fares.append_many([]) == []


def test_a_batch_of_all_or_none_writes_nothing_if_one_is_refused(fares: Any, booking: str) -> None:
    fares.append(booking, price(), expected_version=0)
    with pytest.raises(BatchRefused) as refused:
        fares.append_all([(booking, toll(), 1), (f"{booking}-2", price(), 0), (booking, promo("99.00"), 2)])
    assert (refused.value.index, refused.value.status) == (2, 409)
    assert isinstance(refused.value.problem, NegativeFare)
    assert fares.fare(booking, strong=True).version == 1
    with pytest.raises(BatchRefused) as invalid:
        fares.append_all([(booking, toll(), 1), (booking, toll("1.00001"), 2)])
    assert (invalid.value.index, invalid.value.status, type(invalid.value.problem)) == (1, 422, InvalidEvent)
    items = [(booking, toll(), 1), (f"{booking}-2", price(), 0)]
    assert [each.event.version for each in fares.append_all(items)] == [2, 1]
    assert [each.replayed for each in fares.append_all(items)] == [True, True]
    with pytest.raises(InvalidBatch):
        fares.append_all([(booking, toll(), ANY) for _ in range(101)])


def test_any_number_of_appends_is_sent_in_batches(platform: Platform, fares: Any, booking: str) -> None:
    items = [(booking, price(), 0), *((booking, toll("0.01"), ANY) for _ in range(1200))]
    results = fares.append_many(items)
    assert [each.event.version for each in results] == list(range(1, 1202))
    assert len(platform.wire.sent) == 2


@pytest.mark.parametrize("wrong", [5.0, 0.1, True, None])
def test_an_amount_that_is_no_exact_number_is_a_mistake(wrong: Any) -> None:
    with pytest.raises(TypeError):
        toll(wrong)
    with pytest.raises(TypeError):
        Change(type="ADD", component="toll", amount=wrong)


@pytest.mark.parametrize(
    "wrong",
    ["", "-1", "1e3", "1_000", "１２", " 1", "1.", ".5", "NaN", Decimal("-1"), Decimal("NaN")],
)
def test_what_is_written_like_no_amount_is_a_mistake(wrong: Any) -> None:
    with pytest.raises(ValueError):
        toll(wrong)


def test_an_amount_is_kept_to_its_last_digit() -> None:
    assert toll("123456789012345678901234567890.12").amount == Decimal("123456789012345678901234567890.12")


@pytest.mark.parametrize("wrong", [True, "1", None, 1.0])
def test_an_expected_version_is_a_number_or_any(fares: Any, booking: str, wrong: Any) -> None:
    with pytest.raises(TypeError):
        fares.append(booking, price(), expected_version=wrong)


@pytest.mark.parametrize("wrong", ["", ".", ".."])
def test_a_booking_id_that_leads_elsewhere_is_a_mistake(fares: Any, wrong: str) -> None:
    with pytest.raises(ValueError):
        fares.append(wrong, price(), expected_version=0)
