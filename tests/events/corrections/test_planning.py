"""From what is wanted to the event that is appended, and what is refused with words."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest

from events import corrections
from events.corrections import Planned, Preview, Proposal
from events.corrections.models import ReasonCode
from events.errors import FareMoved, InvalidCorrection, NegativeFare, UnknownBooking, UnknownEvent
from events.event import EventType
from tests.builders import add, append, given, new_booking_id, set_, sub
from tests.events.corrections.desk import change, contra, lead, should_be, support, toll_charged_twice


def preview(proposal: Proposal) -> Preview:
    return corrections.preview(proposal, by=support())


def refused(proposal: Proposal, code: str) -> str:
    """The words of a refusal with this code."""
    refusal = preview(proposal).refusal
    assert isinstance(refusal, InvalidCorrection)
    assert [error.code for error in refusal.errors] == [code]
    return refusal.detail


def test_the_contra_of_an_add_takes_it_off() -> None:
    shown = preview(contra(toll_charged_twice()))
    assert shown.event == Planned(EventType.SUB, "toll", Decimal("5.00"), allow_negative=False)
    assert shown.after is not None
    assert (shown.before.amount, shown.after.amount) == (Decimal("24.00"), Decimal("19.00"))
    assert shown.after.components == {"base_fare": Decimal("14.00"), "toll": Decimal("5.00")}
    assert shown.refusal is None


def test_the_contra_of_a_sub_adds_it_again() -> None:
    shown = preview(contra(given(set_("14.00"), sub("promo", "2.00")), 2))
    assert shown.event == Planned(EventType.ADD, "promo", Decimal("2.00"), allow_negative=False)


def test_a_set_has_no_contra() -> None:
    assert "sets the fare" in refused(contra(toll_charged_twice(), 1), "not_cancellable")


def test_what_a_later_set_replaced_is_not_taken_off_once_more() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"), set_("20.00"))
    assert "version 3 set the fare anew" in refused(contra(booking, 2), "no_longer_counts")


def test_an_event_is_cancelled_once() -> None:
    booking = toll_charged_twice()
    correction = corrections.propose(contra(booking), by=support())
    corrections.approve(correction.pk, by=lead(), seen_version=3)
    assert "cancelled already, by version 4" in refused(contra(booking), "already_cancelled")


def test_a_correction_is_corrected_like_any_event() -> None:
    booking = toll_charged_twice()
    correction = corrections.propose(contra(booking), by=support())
    corrections.approve(correction.pk, by=lead(), seen_version=3)
    again = corrections.propose(contra(booking, 4), by=support())
    done = corrections.approve(again.pk, by=lead(), seen_version=4)
    assert done.event_version == 5
    assert preview(should_be(booking, "1.00")).before.amount == Decimal("24.00")


@pytest.mark.parametrize(
    ("target", "event"),
    [
        ("20.00", Planned(EventType.SUB, "toll", Decimal("4.00"), allow_negative=False)),
        ("30.50", Planned(EventType.ADD, "toll", Decimal("6.50"), allow_negative=False)),
        ("0.00", Planned(EventType.SUB, "toll", Decimal("24.00"), allow_negative=False)),
    ],
)
def test_the_difference_goes_to_the_corrected_component_and_is_never_a_set(
    target: str, event: Planned
) -> None:
    assert preview(should_be(toll_charged_twice(), target, 2)).event == event


def test_a_fare_that_is_right_is_not_put_right() -> None:
    assert "24.00 already" in refused(should_be(toll_charged_twice(), "24"), "nothing_to_correct")


def test_a_fare_below_zero_is_one_only_if_allowed() -> None:
    booking = given(set_("14.00"))
    shown = preview(change(booking, "SUB", "20.00"))
    assert isinstance(shown.refusal, NegativeFare)
    assert shown.after is not None and shown.after.amount == Decimal("-6.00")
    assert preview(change(booking, "SUB", "20.00", allow_negative=True)).refusal is None
    assert preview(should_be(booking, "-6.00", allow_negative=True)).refusal is None


def test_a_change_needs_an_amount() -> None:
    refused(change(given(set_("14.00")), "ADD", "0.00"), "nothing_to_correct")
    refused(change(given(set_("14.00")), "SET", "14.00"), "nothing_to_correct")


@pytest.mark.parametrize(("currency", "amount", "more"), [("JPY", "5", "5.0"), ("KWD", "5.125", "5.1255")])
def test_decimals_are_those_of_the_booking(currency: str, amount: str, more: str) -> None:
    booking = given(set_("1400", currency=currency))
    assert preview(change(booking, "ADD", amount)).refusal is None
    refused(
        change(booking, "ADD", more.replace("5.0", "5.5") if currency == "JPY" else more), "too_many_decimals"
    )
    refused(
        should_be(booking, "1.12345"[: len(more)] if currency == "JPY" else "1.1234"), "too_many_decimals"
    )


def test_a_fare_out_of_range_is_refused() -> None:
    refused(change(given(set_("14.00")), "ADD", "9999999999999.99"), "out_of_range")


def test_a_set_shows_that_the_breakdown_goes() -> None:
    shown = preview(change(toll_charged_twice(), "SET", "20.00"))
    assert shown.after is not None
    assert shown.after.components == {"base_fare": Decimal("20.00")}
    assert shown.outcome.size == Decimal("16.00")


def test_unknown_bookings_and_events_have_no_preview() -> None:
    booking = toll_charged_twice()
    with pytest.raises(UnknownEvent):
        preview(contra(booking, 9))
    other = contra(booking)
    with pytest.raises(UnknownBooking):
        preview(
            Proposal(
                id=other.id, booking_id=new_booking_id(), corrects_version=1, seen_version=1, kind="contra",
                reason_code="other", reason="x",
            )
        )  # fmt: skip


def test_a_fare_that_moved_is_shown_with_what_moved() -> None:
    booking = toll_charged_twice()
    proposal = should_be(booking, "20.00", 2)
    append(booking, add("waiting_fee", "3.00"))
    shown = preview(proposal)
    assert isinstance(shown.refusal, FareMoved)
    assert shown.refusal.current.version == 4
    assert [event.component for event in shown.moved] == ["waiting_fee"]
    assert shown.event == Planned(EventType.SUB, "toll", Decimal("7.00"), allow_negative=False)


def test_a_reason_code_must_be_one_that_can_be_chosen() -> None:
    booking = toll_charged_twice()
    shown = preview(contra(booking, reason_code="no_such_code"))
    assert shown.refusal is not None and shown.refusal.code == "unknown_reason_code"


def test_a_reason_whose_text_no_event_can_keep_is_refused_before_anybody_approves() -> None:
    code = f"r_{uuid4().hex}"
    ReasonCode.objects.create(code=code, label="Twice", text="Charged\ttwice.")
    try:
        shown = preview(contra(toll_charged_twice(), reason_code=code))
        assert shown.refusal is not None
        assert [error.code for error in shown.refusal.errors] == ["unusable_reason_code"]
    finally:
        ReasonCode.objects.filter(code=code).update(is_active=False)


def test_the_preview_reads_as_the_customer_will() -> None:
    booking = toll_charged_twice()
    assert preview(contra(booking)).customer_text.splitlines() == [
        f"The fare of booking {booking} has been corrected.",
        "Reason: An amount was charged twice.",
        "Toll: SGD 5.00; before: SGD 10.00",
        "The fare is SGD 19.00; before, it was SGD 24.00.",
    ]
