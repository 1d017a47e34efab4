"""Proposed by one person, decided by another, once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from events import corrections, history, ledger
from events.corrections import Proposal
from events.corrections.models import Correction, ReasonCode
from events.errors import (
    CorrectionDecided,
    CorrectionExpired,
    FareMoved,
    InvalidCorrection,
    LedgerError,
    NegativeFare,
    NotPermitted,
    SelfApproval,
    TransactionIdReused,
    UnknownCorrection,
    VersionConflict,
)
from events.event import EventType, Origin
from tests.builders import add, append, event, given, set_, sub, then_fare
from tests.events.corrections.desk import (
    TEXT,
    change,
    contra,
    events_of,
    lead,
    person_in,
    should_be,
    support,
    toll_charged_twice,
    waiting,
)
from tests.threads import together


def test_an_approved_correction_is_one_event_that_names_it() -> None:
    maker, checker = support(), support()
    correction = waiting(contra(toll_charged_twice(), evidence="https://desk.example/t/1"), maker)
    done = corrections.approve(correction.pk, by=checker, seen_version=3, reason="Seen in the toll's log")
    (made,) = events_of(done)
    assert (done.state, done.event_version) == ("approved", 4)
    assert (done.decided_by, done.decided_by_name) == (checker.pk, checker.username)
    assert done.decision_reason == "Seen in the toll's log"
    assert (made.transaction_id, made.correction_id, made.corrects_version) == (done.pk, done.pk, 3)
    assert (made.origin, made.source, made.actor) == (Origin.CORRECTION, "back-office", maker.username)
    assert (made.type, made.component, made.amount) == (EventType.SUB, "toll", Decimal("5.00"))
    assert made.description == "An amount was charged twice."
    assert made.metadata == {"reason_code": "charged_twice"}
    assert Correction.objects.get(pk=done.pk).state == "approved"
    then_fare(done.booking_id, "19.00", version=4)


def test_nothing_is_written_before_the_approval() -> None:
    correction = waiting(contra(toll_charged_twice()))
    assert events_of(correction) == []
    then_fare(correction.booking_id, "24.00", version=3)


def test_the_maker_can_never_approve() -> None:
    person = lead()
    correction = waiting(contra(toll_charged_twice()), person)
    with pytest.raises(SelfApproval):
        corrections.approve(correction.pk, by=person, seen_version=3)
    assert isinstance(corrections.refusal_to_approve(correction, person), SelfApproval)
    assert events_of(correction) == []


def test_the_maker_withdraws_and_others_reject() -> None:
    maker, other = support(), support()
    correction = waiting(contra(toll_charged_twice()), maker)
    with pytest.raises(SelfApproval):
        corrections.reject(correction.pk, by=maker, reason="no")
    with pytest.raises(NotPermitted):
        corrections.withdraw(correction.pk, by=other, reason="no")
    assert corrections.withdraw(correction.pk, by=maker, reason="My mistake").state == "withdrawn"
    rejected = corrections.reject(
        waiting(contra(toll_charged_twice()), maker).pk, by=other, reason="Two passages"
    )
    assert (rejected.state, rejected.decision_reason) == ("rejected", "Two passages")


def test_rejecting_and_withdrawing_need_a_reason() -> None:
    maker, other = support(), support()
    correction = waiting(contra(toll_charged_twice()), maker)
    for reason in ("", " \n", "x" * 2001):
        with pytest.raises(InvalidCorrection):
            corrections.reject(correction.pk, by=other, reason=reason)
        with pytest.raises(InvalidCorrection):
            corrections.withdraw(correction.pk, by=maker, reason=reason)


def test_pressing_twice_answers_the_same() -> None:
    checker = support()
    correction = waiting(contra(toll_charged_twice()))
    for _ in range(3):
        assert corrections.approve(correction.pk, by=checker, seen_version=3).event_version == 4
    assert len(events_of(correction)) == 1


def test_a_decision_is_final() -> None:
    first, second = support(), support()
    approved = corrections.approve(waiting(contra(toll_charged_twice())).pk, by=first, seen_version=3)
    with pytest.raises(CorrectionDecided, match=first.username):
        corrections.approve(approved.pk, by=second, seen_version=4)
    for decide in (corrections.reject, corrections.withdraw):
        with pytest.raises(CorrectionDecided):
            decide(approved.pk, by=first, reason="Changed my mind")
    refusal = corrections.refusal_to_approve(approved, second)
    assert isinstance(refusal, CorrectionDecided)


def test_proposing_twice_keeps_one() -> None:
    maker, proposal = support(), contra(toll_charged_twice())
    first, second = (corrections.propose(proposal, by=maker) for _ in range(2))
    assert first.pk == second.pk
    assert Correction.objects.filter(pk=proposal.id).count() == 1


def test_an_id_is_of_one_proposal() -> None:
    maker = support()
    first = waiting(contra(toll_charged_twice()), maker)
    for other in (contra(first.booking_id, 2, id=first.pk), contra(toll_charged_twice(), id=first.pk)):
        with pytest.raises(TransactionIdReused):
            corrections.propose(other, by=maker)
    with pytest.raises(TransactionIdReused):
        corrections.propose(contra(first.booking_id, id=first.pk), by=support())


def test_an_id_that_made_an_event_is_no_new_corrections() -> None:
    booking, used = toll_charged_twice(), uuid4()
    append(booking, add("toll", "1.00", transaction_id=used))
    with pytest.raises(TransactionIdReused):
        corrections.propose(contra(booking, id=used), by=support())


def test_a_proposal_on_an_older_fare_is_refused_with_the_fare_as_it_is() -> None:
    booking = toll_charged_twice()
    proposal = contra(booking)
    append(booking, add("waiting_fee", "3.00"))
    with pytest.raises(FareMoved) as refused:
        corrections.propose(proposal, by=support())
    current = refused.value.current
    assert (current.version, current.fare, current.currency) == (4, Decimal("27.00"), "SGD")


def test_the_approver_of_a_fare_that_moved_decides_anew() -> None:
    booking, checker = toll_charged_twice(), support()
    correction = waiting(should_be(booking, "20.00", 2))
    append(booking, add("waiting_fee", "3.00"))
    with pytest.raises(FareMoved) as refused:
        corrections.approve(correction.pk, by=checker, seen_version=3)
    assert refused.value.current.version == 4
    assert events_of(correction) == []

    shown = corrections.review(correction)
    assert [each.component for each in shown.now.moved] == ["waiting_fee"]
    assert shown.proposed.event is not None and shown.now.event is not None
    assert (shown.proposed.event.amount, shown.now.event.amount) == (Decimal("4.00"), Decimal("7.00"))

    corrections.approve(correction.pk, by=checker, seen_version=4)
    then_fare(booking, "20.00", version=5)


def test_an_event_and_a_contra_stay_what_they_were_when_the_fare_moves() -> None:
    booking, checker = toll_charged_twice(), support()
    first, second = waiting(contra(booking)), waiting(change(booking, "ADD", "1.50", component="tip"))
    append(booking, add("waiting_fee", "3.00"))
    corrections.approve(first.pk, by=checker, seen_version=4)
    corrections.approve(second.pk, by=checker, seen_version=5)
    assert [each.change for each in history.events_of(booking, after_version=4)] == [
        Decimal("-5.00"),
        Decimal("1.50"),
    ]


def test_what_became_impossible_is_refused_at_the_approval() -> None:
    booking, checker = toll_charged_twice(), support()
    first, second = waiting(contra(booking)), waiting(contra(booking))
    low = waiting(change(booking, "SUB", "20.00"))
    target = waiting(should_be(booking, "19.00"))
    corrections.approve(first.pk, by=checker, seen_version=3)
    for correction, error in ((second, InvalidCorrection), (low, NegativeFare), (target, InvalidCorrection)):
        with pytest.raises(error):
            corrections.approve(correction.pk, by=checker, seen_version=4)
        assert corrections.reject(correction.pk, by=checker, reason="No longer right").state == "rejected"


def test_a_lost_race_with_a_service_is_a_fare_that_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that comes between the approver's look and the append: nothing is written, the head is answered."""
    booking = toll_charged_twice()
    correction = waiting(contra(booking))
    original = ledger.append_correction

    def just_too_late(new: object, **options: object) -> object:
        together([lambda: append(booking, add("waiting_fee", "3.00"))])
        return original(new, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger, "append_correction", just_too_late)
    with pytest.raises(FareMoved) as refused:
        corrections.approve(correction.pk, by=support(), seen_version=3)
    assert refused.value.current.version == 4
    assert corrections.get(correction.pk).state == "proposed"
    assert isinstance(refused.value, VersionConflict)


def test_one_that_expires_while_it_is_appended_was_decided_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    correction = waiting(contra(toll_charged_twice()))
    now, append_correction = timezone.now, ledger.append_correction

    def slowly(*args: Any, **kwargs: Any) -> Any:
        appended = append_correction(*args, **kwargs)
        monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(days=8))
        return appended

    monkeypatch.setattr(ledger, "append_correction", slowly)
    assert corrections.approve(correction.pk, by=support(), seen_version=3).state == "approved"


def test_a_proposal_expires(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FAREHISTORY_CORRECTION_EXPIRES = 2
    maker, checker = support(), support()
    late, withdrawn = (waiting(contra(toll_charged_twice()), maker) for _ in range(2))
    assert late.expires_at - late.proposed_at == timedelta(days=2)
    in_three_days = timezone.now() + timedelta(days=3)
    monkeypatch.setattr(timezone, "now", lambda: in_three_days)
    assert late.is_expired and not late.is_waiting
    with pytest.raises(CorrectionExpired):
        corrections.approve(late.pk, by=checker, seen_version=3)
    assert events_of(late) == []
    assert corrections.reject(late.pk, by=checker, reason="Too late").state == "rejected"
    assert corrections.withdraw(withdrawn.pk, by=maker, reason="Too late").state == "withdrawn"


def _inactive(person: User) -> User:
    person.is_active = False
    person.save()
    return person


def _no_staff(person: User) -> User:
    person.is_staff = False
    person.save()
    return person


@pytest.mark.parametrize(
    "person",
    [
        lambda: person_in("viewer"),
        lambda: person_in("operator"),
        lambda: person_in("auditor"),
        lambda: _inactive(lead()),
        lambda: _no_staff(lead()),
    ],
    ids=["viewer", "operator", "auditor", "inactive", "no staff"],
)
def test_others_may_neither_propose_nor_decide(person: object) -> None:
    somebody = person()  # type: ignore[operator]
    correction = waiting(contra(toll_charged_twice()))
    deeds = [
        lambda: corrections.propose(contra(toll_charged_twice()), by=somebody),
        lambda: corrections.approve(correction.pk, by=somebody, seen_version=3),
        lambda: corrections.reject(correction.pk, by=somebody, reason="no"),
        lambda: corrections.withdraw(correction.pk, by=somebody, reason="no"),
    ]
    for deed in deeds:
        with pytest.raises(NotPermitted):
            deed()
    assert corrections.get(correction.pk).state == "proposed"


def test_an_unknown_correction_is_said_to_be_unknown() -> None:
    with pytest.raises(UnknownCorrection):
        corrections.approve(uuid4(), by=support(), seen_version=1)


def test_a_reason_that_was_edited_stays_as_the_customer_was_told() -> None:
    ReasonCode.objects.create(code=f"c{uuid4().hex}", label="x", text="First text.")
    reason = ReasonCode.objects.get(text="First text.", label="x")
    correction = waiting(contra(toll_charged_twice(), reason_code=reason.code))
    ReasonCode.objects.filter(pk=reason.pk).update(text="Second text.", is_active=False)
    done = corrections.approve(correction.pk, by=support(), seen_version=3)
    assert events_of(done)[0].description == "First text."
    with pytest.raises(InvalidCorrection):
        corrections.propose(contra(toll_charged_twice(), reason_code=reason.code), by=support())


def test_a_correction_in_any_currency_is_exact() -> None:
    booking = given(set_("12.345", currency="KWD"), sub("promo", "1.001"))
    correction = waiting(should_be(booking, "10.000", 2))
    corrections.approve(correction.pk, by=support(), seen_version=2)
    then_fare(booking, "10.000", version=3)
    assert correction.seen_fare == Decimal("11.344")


def test_the_ledger_appends_a_correction_only_inside_a_transaction() -> None:
    booking = toll_charged_twice()
    with pytest.raises(ledger.NoTransaction):
        ledger.append_correction(
            event(booking, sub("toll", "5.00")), corrects_version=3, source="back-office"
        )


def test_reviewing_a_correction_says_what_an_approval_would_append() -> None:
    correction = waiting(contra(toll_charged_twice(), reason=TEXT))
    shown = corrections.review(correction)
    assert shown.now.refusal is None and shown.now.moved == []
    assert shown.now.event == shown.proposed.event
    refusal: LedgerError | None = corrections.refusal_to_approve(correction, support(), shown.now.needs)
    assert refusal is None


def test_the_proposal_is_found_again_whole() -> None:
    maker = support()
    proposal: Proposal = should_be(toll_charged_twice(), "20.00", 2, evidence="https://desk.example/t/2")
    kept = corrections.get(waiting(proposal, maker).pk)
    assert (kept.kind, kept.type, kept.component, kept.amount) == (
        "should_be",
        "SUB",
        "toll",
        Decimal("4.00"),
    )
    assert (kept.target, kept.seen_fare, kept.seen_version) == (Decimal("20.00"), Decimal("24.00"), 3)
    assert (kept.reason, kept.evidence, kept.reason_code) == (
        TEXT,
        "https://desk.example/t/2",
        "charged_twice",
    )
    assert (kept.proposed_by, kept.proposed_by_name, kept.needs) == (
        maker.pk,
        maker.username,
        "second_person",
    )
    assert "No limit is set for SGD" in kept.needs_reason
    assert corrections.asked_for(kept) == "The fare should be SGD 20.00: take SGD 4.00 off (toll)"
