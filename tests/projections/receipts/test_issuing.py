"""What a receipt says, and that there is one of each version, numbered without gaps, whoever asks."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from events.errors import UnknownBooking, UnknownEvent
from projections import receipts
from projections.models import Receipt
from projections.receipts.document import MAX_DETAILS, Document
from tests.builders import add, append, given, new_booking_id, set_, sub
from tests.faults import killed_at_each_step
from tests.projections.receipts.histories import correct, issued, lines_of, receipt_of
from tests.threads import together


def test_a_receipt_states_the_fare_by_component_in_words() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"), add("waiting_fee", "2.00"), sub("promo", "3.10"))
    receipt = receipt_of(booking)
    assert lines_of(receipt) == [
        ("Base fare", "charge", "14.00"),
        ("Toll", "charge", "5.00"),
        ("Waiting fee", "charge", "2.00"),
        ("Promo", "reduction", "-3.10"),
    ]
    assert (receipt.fare, receipt.currency, receipt.version) == ("17.90", "SGD", 4)
    assert (receipt.number, receipt.sequence, receipt.replaces) == (f"{booking}-R1", 1, None)


def test_the_changes_of_a_line_are_counted_and_told_in_their_services_words() -> None:
    booking = given(
        set_("14.00"),
        add("toll", "2.50", description="Gantry 7"),
        add("toll", "2.50"),
        sub("toll", "1.00", description="Gantry 7, off-peak"),
    )
    toll = receipt_of(booking).lines[1]
    assert (toll.amount, toll.changes) == ("4.00", 3)
    assert [(d.text, d.amount) for d in toll.details] == [
        ("Gantry 7", "2.50"),
        ("Gantry 7, off-peak", "-1.00"),
    ]


def test_a_correction_is_a_line_of_its_own_with_its_reason() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    correct(booking, sub("toll", "2.50", description="Gantry 7 was charged twice"))
    receipt = receipt_of(booking)
    assert lines_of(receipt) == [
        ("Base fare", "charge", "14.00"),
        ("Toll", "charge", "5.00"),
        ("Toll", "correction", "-2.50"),
    ]
    assert receipt.lines[2].details[0].text == "Gantry 7 was charged twice"
    assert receipt.fare == "16.50"


def test_a_fare_that_was_set_anew_begins_there() -> None:
    booking = given(
        set_("14.00"), add("toll", "5.00"), set_("20.00", component="flat_fare"), add("tip", "1.00")
    )
    assert lines_of(receipt_of(booking)) == [("Flat fare", "charge", "20.00"), ("Tip", "charge", "1.00")]


def test_metadata_actor_and_source_never_come_onto_a_receipt() -> None:
    booking = new_booking_id()
    change = set_("14.00", metadata={"customer": "secret-one"}, actor="secret-two", description="Shown")
    append(booking, change, source="secret-three")
    stored = json.dumps(receipts.issue(booking).document)
    assert "Shown" in stored
    assert "secret" not in stored


@pytest.mark.parametrize(
    ("currency", "amount", "fare"),
    [("JPY", "1200", "1200"), ("KWD", "1.5", "1.500"), ("SGD", "0", "0.00"), ("JPY", "0", "0")],
)
def test_amounts_have_all_decimals_of_the_currency(currency: str, amount: str, fare: str) -> None:
    receipt = receipt_of(given(set_(amount, currency=currency)))
    assert (receipt.fare, receipt.lines[0].amount) == (fare, fare)


def test_a_fare_below_zero_has_its_sign() -> None:
    receipt = receipt_of(given(set_("2.00"), sub("refund", "5.00", allow_negative=True)))
    assert (receipt.fare, receipt.lines[1].amount) == ("-3.00", "-5.00")


def test_a_hundred_components_are_a_hundred_lines_that_sum_to_the_fare() -> None:
    changes = [add(f"part_{n}", f"0.{n:02}") for n in range(1, 100)]
    receipt = receipt_of(given(set_("1.00"), *changes))
    assert len(receipt.lines) == 100
    assert sum(Decimal(line.amount) for line in receipt.lines) == Decimal(receipt.fare)


def test_a_line_of_many_changes_lists_the_first_and_counts_all() -> None:
    minutes = [add("waiting_fee", "0.10", description=f"Minute {n}") for n in range(1, 16)]
    waiting = receipt_of(given(set_("1.00"), *minutes)).lines[1]
    assert (waiting.changes, waiting.amount) == (15, "1.50")
    assert [d.text for d in waiting.details] == [f"Minute {n}" for n in range(1, MAX_DETAILS + 1)]


def test_asked_again_the_same_receipt_answers() -> None:
    booking = given(set_("14.00"))
    first = receipts.issue(booking)
    again = receipts.issue(booking)
    assert (again.number, again.document, again.issued_at) == (first.number, first.document, first.issued_at)
    assert issued(booking) == [(1, 1)]


def test_a_fare_that_has_changed_gets_a_new_number_that_says_what_changed() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    first = receipt_of(booking)
    append(booking, sub("promo", "3.10"))
    append(booking, sub("toll", "1.00"))
    replaced = receipt_of(booking).replaces
    assert replaced is not None
    assert (replaced.number, replaced.fare, replaced.difference) == (f"{booking}-R1", "19.00", "-4.10")
    assert [(c.label, c.amount) for c in replaced.changes] == [("Toll", "-1.00"), ("Promo", "-3.10")]
    assert issued(booking) == [(1, 2), (2, 4)]
    assert Document.from_json(receipts.of_number(booking, 1).document) == first


def test_what_is_gone_from_the_fare_is_among_the_changes() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    receipt_of(booking)
    append(booking, set_("14.00"))
    replaced = receipt_of(booking).replaces
    assert replaced is not None
    assert [(c.label, c.amount) for c in replaced.changes] == [("Toll", "-5.00")]


def test_a_version_that_a_later_receipt_has_overtaken_gets_none() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    latest = receipts.issue(booking)
    assert receipts.issue(booking, 1).number == latest.number
    assert issued(booking) == [(1, 2)]


def test_many_who_ask_at_once_get_one_receipt() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    answers = together([lambda: receipts.issue(booking)] * 12)
    assert {answer.number for answer in answers} == {f"{booking}-R1"}
    assert len({json.dumps(answer.document, sort_keys=True) for answer in answers}) == 1
    assert issued(booking) == [(1, 2)]


def test_numbers_have_no_gaps_and_follow_the_versions_while_the_fare_moves() -> None:
    booking = given(set_("14.00"))

    def move() -> None:
        for _ in range(10):
            append(booking, add("toll", "0.10"))

    def ask() -> None:
        for _ in range(10):
            receipts.issue(booking)

    together([move, *[ask] * 7])
    receipts.issue(booking)
    found = issued(booking)
    assert [sequence for sequence, _ in found] == list(range(1, len(found) + 1))
    versions = [version for _, version in found]
    assert versions == sorted(set(versions))
    assert versions[-1] == 11


def test_each_receipt_replaces_the_one_before() -> None:
    booking = given(set_("14.00"))
    for _ in range(3):
        receipts.issue(booking)
        append(booking, add("toll", "1.00"))
    found = [receipts.of_number(booking, n).document for n in (1, 2, 3)]
    assert [d["replaces"] and d["replaces"]["number"] for d in found] == [
        None,
        f"{booking}-R1",
        f"{booking}-R2",
    ]


def test_a_booking_version_or_number_that_is_not_there_is_named() -> None:
    booking = given(set_("14.00"))
    with pytest.raises(UnknownBooking):
        receipts.issue(new_booking_id())
    with pytest.raises(UnknownBooking):
        receipts.of_number(new_booking_id(), 1)
    with pytest.raises(UnknownEvent):
        receipts.issue(booking, 2)
    with pytest.raises(receipts.UnknownReceipt):
        receipts.of_number(booking, 1)
    assert issued(booking) == []


def ask(booking_id: str) -> None:
    """What a child does until it is killed."""
    receipts.issue(booking_id)


def test_killed_at_any_statement_there_is_one_receipt_or_none_and_then_one() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    for _ in killed_at_each_step(f"{__name__}:ask", booking):
        assert issued(booking) in ([], [(1, 2)])
    assert issued(booking) == [(1, 2)]
    assert Receipt.objects.get(booking_id=booking).document["fare"] == "19.00"
