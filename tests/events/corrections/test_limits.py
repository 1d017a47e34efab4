"""Who must approve: limits per currency, over a booking and over a person's day; two at once cannot slip under."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.utils import timezone

from events import corrections
from events.corrections.models import Correction, CorrectionLimit
from events.errors import FareMoved, NeedsLead
from tests.builders import add, append, given, set_, then_fare
from tests.events.corrections.desk import change, contra, events_of, lead, limit, should_be, support
from tests.threads import together


def booking_in(currency: str) -> str:
    return given(set_("100.00", currency=currency))


def test_without_a_limit_a_second_person_is_needed_always() -> None:
    correction = corrections.propose(change(booking_in("NZD"), "ADD", "0.01"), by=lead())
    assert (correction.needs, correction.state) == ("second_person", "proposed")


@pytest.mark.parametrize(
    ("amount", "needs", "state"),
    [("10.00", "nobody", "approved"), ("10.01", "second_person", "proposed"), ("50.00", "second_person", "proposed"),
     ("50.01", "lead", "proposed")],
)  # fmt: skip
def test_the_amount_decides_who_must_approve(amount: str, needs: str, state: str) -> None:
    with limit("AUD", "10.00", "50.00"):
        correction = corrections.propose(change(booking_in("AUD"), "SUB", amount), by=support())
    assert (correction.needs, correction.state) == (needs, state)
    assert len(events_of(correction)) == (state == "approved")
    assert "AUD" in correction.needs_reason


def test_below_the_limit_it_is_approved_at_once_by_its_maker_and_says_so() -> None:
    maker = support()
    with limit("CAD", "10.00"):
        correction = corrections.propose(change(booking_in("CAD"), "SUB", "4.00"), by=maker)
    assert (correction.decided_by, correction.event_version) == (maker.pk, 2)
    assert correction.decision_reason == "Within the limit of CAD 10.00: no second person is needed."
    then_fare(correction.booking_id, "96.00", version=2)
    again = corrections.approve(correction.pk, by=maker, seen_version=1)
    assert again.event_version == 2
    assert len(events_of(correction)) == 1


def test_what_one_booking_was_corrected_without_review_adds_up_over_people() -> None:
    booking = booking_in("CHF")
    with limit("CHF", "10.00"):
        needs = [
            corrections.propose(change(booking, type, "4.00"), by=support()).needs
            for type in ("ADD", "SUB", "ADD")
        ]
    assert needs == ["nobody", "nobody", "second_person"]


def test_what_one_person_corrected_in_a_day_adds_up_over_bookings() -> None:
    maker = support()
    with limit("SEK", "10.00"):
        needs = [
            corrections.propose(change(booking_in("SEK"), "SUB", amount), by=maker).needs
            for amount in ("4.00", "6.00", "0.01")
        ]
        other = corrections.propose(change(booking_in("SEK"), "SUB", "4.00"), by=support()).needs
    assert needs == ["nobody", "nobody", "second_person"]
    assert other == "nobody"


def test_why_a_second_person_is_needed_reads_the_same_for_that_person() -> None:
    """It is kept with the correction and read by whoever approves, who corrected nothing on that day."""
    maker = support()
    with limit("MKD", "10.00"):
        corrections.propose(change(booking_in("MKD"), "SUB", "6.00"), by=maker)
        why = corrections.propose(change(booking_in("MKD"), "SUB", "4.01"), by=maker).needs_reason
    assert why == (
        "Together with what the same person corrected on that day without a second person it is MKD 10.01, more than "
        "MKD 10.00: a second person must approve."
    )


def test_a_new_day_counts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    maker = support()
    with limit("NOK", "10.00"):
        assert corrections.propose(change(booking_in("NOK"), "SUB", "9.00"), by=maker).needs == "nobody"
        tomorrow = timezone.now() + timedelta(days=1)
        monkeypatch.setattr(timezone, "now", lambda: tomorrow)
        assert corrections.propose(change(booking_in("NOK"), "SUB", "9.00"), by=maker).needs == "nobody"


def test_reviewed_corrections_do_not_count() -> None:
    maker = support()
    with limit("DKK", "10.00"):
        reviewed = corrections.propose(change(booking_in("DKK"), "SUB", "11.00"), by=maker)
        corrections.approve(reviewed.pk, by=support(), seen_version=1)
        assert corrections.propose(change(booking_in("DKK"), "SUB", "9.00"), by=maker).needs == "nobody"


def test_a_set_is_never_without_a_second_person() -> None:
    with limit("GBP", "10.00"):
        correction = corrections.propose(change(booking_in("GBP"), "SET", "99.00"), by=support())
    assert correction.needs == "second_person"


def test_only_a_lead_approves_what_is_large_and_not_their_own() -> None:
    maker, other, large = lead(), support(), lead()
    with limit("PLN", "1.00", "50.00"):
        correction = corrections.propose(change(booking_in("PLN"), "SUB", "60.00"), by=maker)
        with pytest.raises(NeedsLead):
            corrections.approve(correction.pk, by=other, seen_version=1)
        assert isinstance(corrections.refusal_to_approve(correction, other), NeedsLead)
        assert corrections.refusal_to_approve(correction, large) is None
        assert corrections.approve(correction.pk, by=large, seen_version=1).state == "approved"


def test_what_grew_large_since_it_was_proposed_needs_a_lead_too() -> None:
    booking = booking_in("CZK")
    with limit("CZK", "1.00", "50.00"):
        correction = corrections.propose(should_be(booking, "90.00"), by=support())
        assert correction.needs == "second_person"
        append(booking, add("toll", "45.00"))
        assert corrections.review(correction).now.needs == "lead"
        with pytest.raises(NeedsLead):
            corrections.approve(correction.pk, by=support(), seen_version=2)
        assert corrections.approve(correction.pk, by=lead(), seen_version=2).state == "approved"
    then_fare(booking, "90.00", version=3)


def test_two_proposals_at_once_by_one_person_do_not_both_slip_under_the_days_limit() -> None:
    maker = support()
    with limit("HUF", "10.00"):
        for _ in range(5):
            bookings = [booking_in("HUF") for _ in range(4)]
            answers = together(
                [lambda b=b: corrections.propose(change(b, "SUB", "6.00"), by=maker) for b in bookings]
            )
            assert sum(answer.needs == "nobody" for answer in answers) <= 1
    free = Correction.objects.filter(proposed_by=maker.pk, needs="nobody")
    assert sum(correction.amount for correction in free) <= Decimal("10.00")
    assert free.count() == 1


def test_two_people_at_once_do_not_both_slip_under_a_bookings_limit() -> None:
    with limit("RON", "10.00"):
        for _ in range(5):
            booking = booking_in("RON")
            people = [support() for _ in range(3)]

            def propose(person: object, booking: str = booking) -> str:
                try:
                    return corrections.propose(change(booking, "SUB", "6.00"), by=person).needs  # type: ignore[arg-type]
                except FareMoved:
                    return "moved"

            answers = together([lambda p=p: propose(p) for p in people])
            assert answers.count("nobody") == 1
            assert sum(
                c.amount for c in Correction.objects.filter(booking_id=booking, needs="nobody")
            ) == Decimal(6)


def test_a_double_click_below_the_limit_is_one_event() -> None:
    maker = support()
    with limit("TRY", "10.00"):
        for _ in range(5):
            proposal = change(booking_in("TRY"), "SUB", "0.50")
            answers = together([lambda p=proposal: corrections.propose(p, by=maker) for _ in range(4)])
            assert {answer.pk for answer in answers} == {proposal.id}
            assert len(events_of(answers[0])) == 1


def test_limits_stand_in_order() -> None:
    for free, large in (("10.00", "5.00"), ("-1.00", None)):
        with pytest.raises(IntegrityError):
            CorrectionLimit.objects.create(currency="XTS", free_up_to=free, lead_above=large)


def test_a_contra_below_the_limit_counts_as_any() -> None:
    booking = given(set_("100.00", currency="MXN"), add("toll", "5.00"))
    with limit("MXN", "5.00"):
        correction = corrections.propose(contra(booking, 2), by=support())
    assert (correction.needs, correction.state) == ("nobody", "approved")
