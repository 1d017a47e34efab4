"""Rules 3 to 9 and 11 of the ledger, by its one way in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from events import history, ledger
from events.errors import (
    CurrencyMismatch,
    FirstEventMustSet,
    InvalidEvent,
    NegativeFare,
    TooManyComponents,
    TransactionIdReused,
    Unavailable,
    VersionConflict,
)
from tests.builders import add, append, connected, event, given, new_booking_id, set_, sub, then_fare


def test_a_fare_is_set_added_to_and_taken_from() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"), add("waiting_fee", "6.40"), sub("promo", "2.00"))
    then_fare(booking, "23.40", version=4)
    last = history.head_of(booking)
    assert last is not None
    assert list(last.components.items()) == [
        ("base_fare", Decimal("14.00")),
        ("toll", Decimal("5.00")),
        ("waiting_fee", Decimal("6.40")),
        ("promo", Decimal("-2.00")),
    ]
    assert last.change == Decimal("-2.00")


def test_a_set_replaces_the_fare_and_leaves_one_component() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"), set_("30.00", component="flat_fare", currency=None))
    last = history.head_of(booking)
    assert last is not None
    assert last.components == {"flat_fare": Decimal("30.00")}
    assert last.change == Decimal("11.00")


def test_versions_count_from_one_without_gaps() -> None:
    booking = given(set_("14.00"), *(add("toll", "1.00") for _ in range(5)))
    assert [event.version for event in history.events_of(booking)] == [1, 2, 3, 4, 5, 6]


def test_a_retry_with_the_same_transaction_id_returns_the_first_event() -> None:
    booking, change = new_booking_id(), event(new_booking_id(), set_("14.00"))
    first = ledger.append(change, source="pricing")
    again = ledger.append(change, source="pricing")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.event == first.event
    assert history.head_of(booking) is None


def test_a_retry_is_a_replay_also_after_the_fare_moved_on() -> None:
    """The expected version is not content: the client that never heard the answer sends what it sent."""
    booking = given(set_("14.00"))
    toll = event(booking, add("toll", "5.00", expected_version=1))
    first = ledger.append(toll, source="toll")
    append(booking, sub("promo", "2.00"))
    again = ledger.append(toll, source="toll")
    assert again.replayed
    assert again.event == first.event
    then_fare(booking, "17.00", version=3)


@pytest.mark.parametrize(
    "same",
    [
        {"amount": "5"},
        {"currency": "SGD"},
        {"metadata": {"plaza": "A", "n": Decimal("1")}},
        {"metadata": {"n": Decimal("1.0"), "plaza": "A"}},
        {"expected_version": 7},
        {"allow_negative": False},
    ],
    ids=lambda same: next(iter(same)),
)
def test_what_is_equal_as_content_is_a_replay(same: dict[str, Any]) -> None:
    toll = add("toll", "5.00", transaction_id=uuid4(), metadata={"plaza": "A", "n": Decimal("1.0")})
    booking = given(set_("14.00"), toll)
    assert ledger.append(event(booking, toll | same), source="pricing").replayed


@pytest.mark.parametrize(
    "other",
    [
        {"type": "SUB"},
        {"component": "fee"},
        {"amount": "5.01"},
        {"amount": "5.001"},
        {"allow_negative": True},
        {"metadata": {"plaza": "B"}},
        {"metadata": {}},
        {"occurred_at": datetime(2026, 5, 3, tzinfo=UTC)},
        {"description": "again"},
        {"actor": "anna"},
        {"currency": "USD"},
    ],
    ids=str,
)
def test_a_transaction_id_with_other_content_is_refused_and_writes_nothing(other: dict[str, Any]) -> None:
    toll = add("toll", "5.00", transaction_id=uuid4(), metadata={"plaza": "A"})
    booking = given(set_("14.00"), toll)
    with pytest.raises(TransactionIdReused):
        ledger.append(event(booking, toll | other), source="pricing")
    then_fare(booking, "19.00", version=2)


def test_another_source_is_other_content() -> None:
    toll = add("toll", "5.00", transaction_id=uuid4())
    booking = given(set_("14.00"), toll)
    with pytest.raises(TransactionIdReused):
        ledger.append(event(booking, toll), source="toll")


def test_an_explicit_time_equal_to_an_omitted_one_is_other_content() -> None:
    """A time is compared as it was sent: absent is not the same as what the ledger recorded."""
    toll = add("toll", "5.00", transaction_id=uuid4())
    booking = given(set_("14.00"), toll)
    recorded = history.event_of(booking, 2).recorded_at
    with pytest.raises(TransactionIdReused):
        ledger.append(event(booking, toll | {"occurred_at": recorded}), source="pricing")


def test_one_transaction_id_may_serve_two_bookings() -> None:
    transaction_id = uuid4()
    for _ in range(2):
        then_fare(given(set_("14.00", transaction_id=transaction_id)), "14.00", version=1)


def test_a_refused_append_has_not_used_up_its_transaction_id() -> None:
    booking, transaction_id = given(set_("14.00")), uuid4()
    with pytest.raises(VersionConflict):
        append(booking, add("toll", "5.00", transaction_id=transaction_id, expected_version=0))
    append(booking, add("toll", "6.00", transaction_id=transaction_id, expected_version=1))
    then_fare(booking, "20.00", version=2)


@pytest.mark.parametrize("expected", [0, 1, 3, 2**31 - 1])
def test_a_version_conflict_tells_where_the_booking_is(expected: int) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    with pytest.raises(VersionConflict) as refusal:
        append(booking, add("toll", "5.00", expected_version=expected))
    current = refusal.value.current
    assert (current.version, current.fare, current.currency) == (2, Decimal("19.00"), "SGD")
    then_fare(booking, "19.00", version=2)


def test_a_version_conflict_of_an_unknown_booking_says_version_0() -> None:
    with pytest.raises(VersionConflict) as refusal:
        append(new_booking_id(), set_("14.00", expected_version=1))
    current = refusal.value.current
    assert (current.version, current.fare, current.currency) == (0, None, None)


@pytest.mark.parametrize("change", [add("toll", "5.00"), sub("promo", "1.00")], ids=["ADD", "SUB"])
def test_the_first_event_must_set(change: dict[str, Any]) -> None:
    booking = new_booking_id()
    with pytest.raises(FirstEventMustSet):
        append(booking, change)
    assert history.head_of(booking) is None


def test_the_first_event_needs_a_currency() -> None:
    with pytest.raises(InvalidEvent) as refusal:
        append(new_booking_id(), set_("14.00", currency=None))
    assert refusal.value.errors[0].pointer == "/currency"


def test_a_booking_keeps_its_currency() -> None:
    booking = given(set_("14.00"))
    with pytest.raises(CurrencyMismatch):
        append(booking, set_("14.00", currency="USD"))
    then_fare(booking, "14.00", version=1)


@pytest.mark.parametrize(
    ("currency", "fits", "too_fine"),
    [("JPY", "1200", "1200.5"), ("SGD", "0.05", "0.055"), ("KWD", "0.005", "0.0055")],
)
def test_an_amount_has_no_more_decimals_than_its_currency(currency: str, fits: str, too_fine: str) -> None:
    booking = given(set_(fits, currency=currency))
    with pytest.raises(InvalidEvent) as refusal:
        append(booking, add("toll", too_fine))
    assert refusal.value.errors[0].code == "too_many_decimals"
    then_fare(booking, fits, version=1)


def test_a_changed_exponent_setting_touches_new_bookings_only(settings: Any) -> None:
    """IDR has 2 decimals by ISO 4217 and none in practice."""
    old = given(set_("12000.00", currency="IDR"))
    settings.FAREHISTORY_CURRENCY_EXPONENTS = {"IDR": 0}
    append(old, add("toll", "0.50", currency="IDR"))
    new = given(set_("12000", currency="IDR"))
    heads = [history.head_of(booking) for booking in (old, new)]
    assert [(head.exponent, str(head.fare)) for head in heads if head] == [(2, "12000.50"), (0, "12000")]


def test_a_fare_does_not_fall_below_zero() -> None:
    booking = given(set_("14.00"))
    with pytest.raises(NegativeFare):
        append(booking, sub("refund", "14.01"))
    append(booking, sub("refund", "14.00"))
    then_fare(booking, "0.00", version=2)


def test_a_refund_above_the_fare_says_so_and_the_fare_can_climb_back() -> None:
    booking = given(set_("14.00"), sub("refund", "20.00", allow_negative=True))
    append(booking, add("toll", "1.00"))
    then_fare(booking, "-5.00", version=3)
    with pytest.raises(NegativeFare):
        append(booking, sub("promo", "0.01"))


def test_a_component_may_be_below_zero() -> None:
    booking = given(set_("14.00"), sub("promo", "2.00"))
    last = history.head_of(booking)
    assert last is not None
    assert last.components["promo"] == Decimal("-2.00")


def test_the_largest_amounts_fit_and_larger_ones_are_refused() -> None:
    booking = given(set_("9999999999999.99"))
    for change in (add("toll", "0.01"), set_("10000000000000.00"), set_("9999999999999999", currency=None)):
        with pytest.raises(InvalidEvent) as refusal:
            append(booking, change)
        assert refusal.value.errors[0].code == "out_of_range"
    then_fare(booking, "9999999999999.99", version=1)


def test_a_component_stays_in_range_even_where_the_fare_would() -> None:
    booking = given(set_("0"), add("toll", "9999999999999.99"), sub("promo", "9999999999999.99"))
    with pytest.raises(InvalidEvent):
        append(booking, add("toll", "0.01"))


def test_a_fare_has_at_most_100_components() -> None:
    booking = given(set_("1.00"), *(add(f"fee_{i}", "1.00") for i in range(99)))
    with pytest.raises(TooManyComponents):
        append(booking, add("one_more", "1.00"))
    append(booking, add("fee_7", "1.00"))
    then_fare(booking, "101.00", version=101)


def test_the_recorded_time_is_the_ledgers_and_the_occurred_time_the_clients() -> None:
    occurred = datetime(2026, 5, 3, 14, 5, 0, 123456, tzinfo=UTC)
    before = datetime.now(UTC)
    told = append(new_booking_id(), set_("1.00", occurred_at=occurred))
    untold = append(new_booking_id(), set_("1.00"))
    assert told.occurred_at == occurred
    assert before - timedelta(seconds=1) < told.recorded_at < datetime.now(UTC) + timedelta(seconds=1)
    assert untold.occurred_at == untold.recorded_at


def test_metadata_comes_back_as_it_was_kept() -> None:
    metadata = {"b": [1, None, True], "a": {"km": Decimal("3.10")}, "ท": "ไทย عربى 😀"}
    booking = given(set_("14.00", metadata=metadata))
    kept = history.head_of(booking)
    assert kept is not None
    assert kept.metadata == metadata
    assert kept.metadata_text == '{"b":[1,null,true],"a":{"km":3.10},"ท":"ไทย عربى 😀"}'


def test_decimals_beyond_the_currencys_are_refused_also_where_they_are_zeros() -> None:
    booking = given(set_("1.20"))
    with pytest.raises(InvalidEvent):
        append(booking, add("toll", "1.230"))
    then_fare(booking, "1.20", version=1)


def test_a_source_that_is_none_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="not a source"):
        append(new_booking_id(), set_("1.00"), source="Pricing Service")


def test_a_database_that_only_reads_is_unavailable() -> None:
    """A demoted primary, say: the same append succeeds once there is a primary again."""
    change = event(new_booking_id(), set_("14.00"))
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        try:
            with pytest.raises(Unavailable):
                ledger.append(change, source="pricing")
        finally:
            cursor.execute("RESET default_transaction_read_only")
    assert not ledger.append(change, source="pricing").replayed


def test_an_append_without_autocommit_is_refused() -> None:
    booking = new_booking_id()
    connection.set_autocommit(False)
    try:
        with pytest.raises(ledger.OpenTransaction):
            append(booking, set_("14.00"))
    finally:
        connection.rollback()
        connection.set_autocommit(True)
    assert history.head_of(booking) is None


def test_an_append_inside_an_open_transaction_is_refused() -> None:
    booking = new_booking_id()
    with transaction.atomic(), pytest.raises(ledger.OpenTransaction):
        append(booking, set_("14.00"))
    assert history.head_of(booking) is None


def test_an_append_after_the_connection_broke_is_answered_again() -> None:
    """A long-lived process, an import say, goes on after PostgreSQL was restarted under it."""
    booking = given(set_("14.00"))
    toll = event(booking, add("toll", "5.00"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    with connected("default") as other:
        other.execute("SELECT pg_terminate_backend(%s)", [backend])
    with pytest.raises(Unavailable):
        ledger.append(toll, source="toll")
    assert not ledger.append(toll, source="toll").replayed
    then_fare(booking, "19.00", version=2)
