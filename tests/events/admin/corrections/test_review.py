"""The page of one correction: as proposed and as of now, what one may do and why not, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from events import corrections
from events.corrections import deciding
from events.corrections.models import Correction
from events.errors import Unavailable
from tests.audits import acts_of, audit_cannot_be_written
from tests.builders import add, append, given, set_, then_fare
from tests.events.admin.corrections.screens import QUEUE, client_of, fields_of, page_of, said
from tests.events.corrections.desk import (
    change,
    contra,
    events_of,
    lead,
    limit,
    person_in,
    should_be,
    support,
    toll_charged_twice,
    waiting,
)
from tests.projections.admin.pages import messages_of


@pytest.fixture
def correction() -> Correction:
    return waiting(contra(toll_charged_twice(), evidence="https://desk.example/t/1"))


def press(person: Any, correction: Correction, what: str, **typed: Any) -> Any:
    """The button, on the page as it is."""
    client = client_of(person)
    form = {"seen_version": 3, **typed}
    return client.post(f"{page_of(correction)}{what}/", form)


def expired() -> Correction:
    now = timezone.now
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(timezone, "now", lambda: now() - timedelta(days=8))
        return waiting(contra(toll_charged_twice()))


def test_it_shows_what_it_would_do_and_why(correction: Correction) -> None:
    page = said(client_of(support()).get(page_of(correction)))
    assert "Cancel version 3: take SGD 5.00 off (toll)" in page
    assert "It puts version 3 right: SGD 5.00 added (toll), by Pricing." in page
    assert "From SGD 24.00 arrow_forward to SGD 19.00 −5.00" in page
    assert "The fare has not moved since it was proposed." in page
    assert "Charged twice The toll was charged twice, see the ticket https://desk.example/t/1" in page
    assert f"Proposed by {correction.proposed_by_name}" in page
    assert "6 days left" in page
    assert "What the customer can be told, once it is approved" in page
    assert "Approve: the fare becomes SGD 19.00" in page


def test_approved_the_fare_is_right_and_the_page_says_by_whom_and_leads_to_the_event(
    correction: Correction,
) -> None:
    person = support()
    client = client_of(person)
    form = fields_of(client.get(page_of(correction)))
    answer = client.post(f"{page_of(correction)}approve/", {**form, "reason": "Seen in the log"})
    assert answer["Location"] == page_of(correction)
    assert messages_of(answer) == ["Approved. The fare is SGD 19.00, at version 4."]
    then_fare(correction.booking_id, "19.00", version=4)
    ((act, booking, details),) = acts_of(client)
    assert (act, booking) == ("correction_approved", correction.booking_id)
    assert details == {
        "correction": str(correction.pk),
        "asked": "Cancel version 3: take SGD 5.00 off (toll)",
        "event_version": 4,
        "reason": "Seen in the log",
    }

    again = client.get(page_of(correction))
    assert f"Approved by {person.username}" in said(again)
    assert "Seen in the log It is version 4 of the fare, which was SGD 19.00 then." in said(again)
    assert "Text for the customer" in said(again)
    assert 'data-fh-copy="The fare of booking' in again.content.decode()
    fare = f"/admin/projections/currentfare/{correction.booking_id}/"
    for link in (f'"{fare}change/#v4"', f'"{fare}events/4/"'):
        assert link in again.content.decode()
    assert "Approve:" not in said(again)


def test_the_link_to_an_old_event_opens_the_page_that_has_it() -> None:
    approved = waiting(contra(toll_charged_twice()))
    corrections.approve(approved.pk, by=support(), seen_version=3)
    for _ in range(200):
        append(approved.booking_id, add("toll", "1.00"))
    page = client_of(support()).get(page_of(approved)).content.decode()
    assert "change/?before=5#v4" in page


def test_rejected_with_a_reason_the_fare_stays(correction: Correction) -> None:
    person = support()
    assert messages_of(press(person, correction, "reject", reason="Two passages")) == [
        "Rejected. The fare stays as it is."
    ]
    page = said(client_of(person).get(page_of(correction)))
    assert f"Rejected by {person.username}" in page
    assert "Two passages The fare was not changed." in page
    assert "It stays as it is: the fare is SGD 24.00." in page
    assert [act for act, *_ in acts_of(client_of(person))] == ["correction_rejected"]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
def test_a_rejection_without_a_reason_is_asked_again(correction: Correction, reason: str) -> None:
    answer = press(support(), correction, "reject", reason=reason)
    assert answer.status_code == 400
    assert ("Say why: whoever proposed it will read it." if len(reason) < 9 else "too long") in said(answer)
    assert fields_of(answer)["reason"] == reason
    assert corrections.get(correction.pk).state == "proposed"


def test_who_made_it_is_told_so_and_can_only_withdraw_it() -> None:
    maker = lead()
    correction = waiting(contra(toll_charged_twice()), maker)
    page = said(client_of(maker).get(page_of(correction)))
    assert "You made this. Another person must approve it." in page
    assert "Approve:" not in page and "close Reject" not in page
    for what in ("approve", "reject"):
        answer = press(maker, correction, what, reason="me")
        assert answer.status_code == 409
        assert "You made this correction" in said(answer)
    assert messages_of(press(maker, correction, "withdraw", reason="My mistake")) == [
        "Withdrawn. The fare stays as it is."
    ]
    page = said(client_of(maker).get(page_of(correction)))
    assert f"Withdrawn by {maker.username}" in page and "My mistake" in page
    assert "Text for the customer" not in page
    assert [act for act, *_ in acts_of(client_of(maker))] == ["correction_withdrawn"]
    assert events_of(correction) == []


def test_nobody_else_withdraws_it(correction: Correction) -> None:
    answer = press(support(), correction, "withdraw", reason="not mine")
    assert answer.status_code == 409
    assert "Only who proposed a correction can withdraw it" in said(answer)


def test_a_large_one_needs_a_lead() -> None:
    with limit("NZD", "1.00", "4.00"):
        correction = waiting(contra(toll_charged_twice("NZD")))
        second = support()
        page = said(client_of(second).get(page_of(correction)))
        assert "A lead must approve this. More than NZD 4.00: a lead must approve. You can reject it." in page
        assert "Approve:" not in page
        answer = press(second, correction, "approve")
        assert answer.status_code == 409
        assert "a lead must approve it" in said(answer)
        assert press(lead(), correction, "approve").status_code == 302
    then_fare(correction.booking_id, "19.00", version=4)


def test_one_that_waited_too_long_can_only_be_rejected() -> None:
    correction, person = expired(), support()
    page = said(client_of(person).get(page_of(correction)))
    assert "It waited longer than it may, and can no longer be approved." in page
    assert "expired" in page and "Approve:" not in page
    assert press(person, correction, "approve").status_code == 409
    assert press(person, correction, "reject", reason="Too late").status_code == 302
    assert events_of(correction) == []


def test_a_fare_that_moved_is_shown_as_it_was_beside_as_it_is(correction: Correction) -> None:
    append(correction.booking_id, add("waiting_fee", "3.00"))
    page = said(client_of(support()).get(page_of(correction)))
    assert (
        "The fare has moved since it was proposed Version 4 : SGD 3.00 added (waiting fee), Pricing" in page
    )
    assert "As it was proposed, at version 3 From SGD 24.00 arrow_forward to SGD 19.00" in page
    assert "As it would be now, at version 4 From SGD 27.00 arrow_forward to SGD 22.00" in page
    assert "Approve: the fare becomes SGD 22.00" in page


def test_what_the_fare_should_be_is_worked_out_anew() -> None:
    correction = waiting(should_be(toll_charged_twice(), "20.00"))
    append(correction.booking_id, add("waiting_fee", "3.00"))
    client = client_of(support())
    answer = client.get(page_of(correction))
    assert "the event is worked out anew" in said(answer)
    assert "to SGD 20.00 −7.00" in said(answer)
    client.post(f"{page_of(correction)}approve/", fields_of(answer))
    then_fare(correction.booking_id, "20.00", version=5)


def test_a_fare_that_moves_while_one_looks_is_not_corrected_unseen(correction: Correction) -> None:
    client = client_of(support())
    form = fields_of(client.get(page_of(correction)))
    append(correction.booking_id, add("waiting_fee", "3.00"))
    answer = client.post(f"{page_of(correction)}approve/", {**form, "reason": "Looks right"})
    assert answer.status_code == 409
    assert "The fare moved while you were looking; it is SGD 27.00 by now. Nothing was done." in said(answer)
    assert events_of(correction) == []
    anew = fields_of(answer)
    assert (anew["reason"], anew["seen_version"]) == ("Looks right", "4")
    assert client.post(f"{page_of(correction)}approve/", anew).status_code == 302
    then_fare(correction.booking_id, "22.00", version=5)


@pytest.mark.parametrize("seen", ["", "x", "0", "9" * 40, "٣"])
def test_an_approval_of_no_known_fare_is_none(correction: Correction, seen: str) -> None:
    answer = press(support(), correction, "approve", seen_version=seen)
    assert answer.status_code == 409
    assert events_of(correction) == []


def test_one_that_can_no_longer_be_made_says_why() -> None:
    booking = toll_charged_twice()
    first, second = (waiting(contra(booking)) for _ in range(2))
    corrections.approve(first.pk, by=support(), seen_version=3)
    page = said(client_of(support()).get(page_of(second)))
    assert "It can no longer be made: Version 3 was cancelled already, by version 4." in page
    assert "Approve:" not in page
    answer = press(support(), second, "approve", seen_version=4)
    assert answer.status_code == 400
    assert "was cancelled already" in said(answer)


def test_who_comes_second_is_told_who_was_faster(correction: Correction) -> None:
    first, second = support(), support()
    press(first, correction, "approve")
    for what in ("approve", "reject"):
        answer = press(second, correction, what, reason="Late")
        assert answer["Location"] == page_of(correction)
        assert messages_of(answer)[-1] == (
            f"{first.username} approved this correction already. Nothing more was done."
        )
    assert acts_of(client_of(second)) == []
    assert len(events_of(correction)) == 1


def test_pressed_twice_it_is_approved_and_noted_once(correction: Correction) -> None:
    person = support()
    for _ in range(3):
        assert press(person, correction, "approve").status_code == 302
    assert len(events_of(correction)) == 1
    assert len(acts_of(client_of(person))) == 1


def test_an_approval_that_cannot_be_noted_is_not_done(correction: Correction) -> None:
    client = client_of(support())
    form = {**fields_of(client.get(page_of(correction))), "reason": "Fine"}
    with audit_cannot_be_written():
        answer = client.post(f"{page_of(correction)}approve/", form)
    assert answer.status_code == 503
    assert fields_of(answer)["reason"] == "Fine"
    assert (corrections.get(correction.pk).state, events_of(correction)) == ("proposed", [])
    assert client.post(f"{page_of(correction)}approve/", fields_of(answer)).status_code == 302


def test_a_database_that_does_not_answer_in_time_loses_nothing(
    correction: Correction, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise Unavailable("the database did not answer; send the same again")

    monkeypatch.setattr(deciding, "reject", away)
    answer = press(support(), correction, "reject", reason="Two passages")
    assert answer.status_code == 503
    assert "it is done once, however often you press" in said(answer)
    assert fields_of(answer)["reason"] == "Two passages"


def test_one_within_the_limit_says_that_nobody_else_was_needed() -> None:
    maker = support()
    with limit("CZK", "10.00"):
        done = corrections.propose(change(given(set_("14.00", currency="CZK")), "SUB", "5.00"), by=maker)
    page = said(client_of(maker).get(page_of(done)))
    assert f"Made at once by {maker.username}, within the limit" in page
    assert "From CZK 14.00 arrow_forward to CZK 9.00" in page


def test_an_id_that_is_none_is_no_page() -> None:
    client = client_of(support())
    assert client.get(f"{QUEUE}{uuid4()}/").status_code == 404
    assert client.get(f"{QUEUE}x/").status_code == 404
    assert client.post(f"{QUEUE}{uuid4()}/approve/", {"seen_version": 1}).status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_correction_is_never_changed_or_deleted(correction: Correction, method: str) -> None:
    client = client_of(person_in("lead"))
    assert getattr(client, method)(page_of(correction)).status_code == 405
    for address in ("change/", "delete/", "history/"):
        assert client.get(f"{page_of(correction)}{address}").status_code == 404
    assert getattr(client, method)(f"{page_of(correction)}approve/").status_code == 405


@pytest.mark.parametrize("what", ["approve", "reject", "withdraw"])
def test_who_had_to_sign_in_before_deciding_comes_to_the_page_and_has_decided_nothing(
    correction: Correction, what: str
) -> None:
    """A log-in leads on to the address that was asked for, and by GET."""
    answer = client_of(person_in("lead")).get(f"{page_of(correction)}{what}/")
    assert (answer.status_code, answer["Location"]) == (302, page_of(correction))
    assert Correction.objects.get(pk=correction.pk).state == "proposed"
