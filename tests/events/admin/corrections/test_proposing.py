"""A correction is proposed from a fare: written, looked at, sent once, and nothing that was typed is lost."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from events.corrections import proposing
from events.corrections.models import Correction, ReasonCode
from events.errors import Unavailable
from tests.audits import acts_of, audit_cannot_be_written
from tests.builders import add, append, given, set_, sub, then_fare
from tests.events.admin.corrections.screens import (
    PROPOSE,
    begun,
    check,
    client_of,
    fields_of,
    filled,
    page_of,
    said,
    send,
)
from tests.events.corrections.desk import contra, limit, support, toll_charged_twice, waiting
from tests.projections.admin.pages import messages_of
from tests.threads import together


@pytest.fixture
def client() -> Client:
    return client_of(support())


def the_correction(form: dict[str, str]) -> Correction:
    return Correction.objects.get(pk=form["id"])


def test_the_form_begins_with_the_event_and_what_is_most_likely_wanted(client: Client) -> None:
    booking = toll_charged_twice()
    form = begun(client, booking)
    assert (form["version"], form["seen_version"], form["kind"]) == ("3", "3", "contra")
    page = said(client.get(PROPOSE, {"booking_id": booking, "version": 3}))
    assert "Version 3: SGD 5.00 added (toll), by Pricing" in page
    assert "SGD 24.00" in page


def test_of_an_event_that_cannot_be_cancelled_it_says_why_and_offers_the_rest(client: Client) -> None:
    booking = toll_charged_twice()
    answer = client.get(PROPOSE, {"booking_id": booking, "version": 1})
    assert "Version 1 sets the fare; only what was added or taken off can be cancelled." in said(answer)
    assert fields_of(answer)["kind"] == "should_be"


def test_without_an_event_none_is_chosen_for_whoever_does_not_look(client: Client) -> None:
    """What the fare should be would else be put on whichever component moved last."""
    booking = toll_charged_twice()
    form = fields_of(client.get(PROPOSE, {"booking_id": booking}))
    assert (form.get("version", ""), form["kind"]) == ("", "should_be")
    answer = check(client, {**form, "target": "19.00", "reason_code": "other", "reason": "Too much"})
    assert answer.status_code == 400
    assert "Choose the event that is wrong." in said(answer)
    assert "Too much" in said(answer)


def test_of_a_single_event_there_is_nothing_to_choose(client: Client) -> None:
    booking = given(set_("14.00"))
    assert fields_of(client.get(PROPOSE, {"booking_id": booking}))["version"] == "1"


def test_a_change_is_of_the_chosen_events_component_unless_another_is_named(client: Client) -> None:
    booking = toll_charged_twice()
    form = filled(client, booking, 1, kind="event", type="SUB", amount="1.00")
    assert "Take SGD 1.00 off (toll)" in said(check(client, {**form, "version": "3"}))


def test_of_a_long_history_an_early_event_can_be_chosen_too(client: Client) -> None:
    booking = given(set_("14.00"), *(add("toll", "1.00") for _ in range(60)))
    page = said(client.get(PROPOSE, {"booking_id": booking, "version": 4}))
    assert "Version 4: SGD 1.00 added" in page and "Version 61: SGD 1.00 added" in page
    assert "Version 5: SGD 1.00 added" not in page
    form = filled(client, booking, 4)
    assert send(client, form).status_code == 302
    assert the_correction(form).corrects_version == 4


def test_the_look_shows_before_and_after_the_event_who_must_approve_and_the_customers_text(
    client: Client,
) -> None:
    booking = toll_charged_twice("CHF")
    page = said(check(client, filled(client, booking)))
    assert "SGD" not in page
    assert "From CHF 24.00 arrow_forward to CHF 19.00 −5.00" in page
    assert "toll 10.00 5.00 −5.00" in page
    assert "base fare 14.00 14.00" in page
    assert "Take CHF 5.00 off (toll) Becomes version 4 Type SUB Component toll Amount CHF 5.00" in page
    assert "Corrects version 3 : CHF 5.00 added (toll)" in page
    assert "a second person No limit is set for CHF" in page
    assert "The fare is CHF 19.00; before, it was CHF 24.00." in page
    assert "One passage, two gantries" in page
    then_fare(booking, "24.00", version=3)


def test_sent_it_waits_for_a_second_person(client: Client) -> None:
    booking = toll_charged_twice()
    form = filled(client, booking, evidence="https://desk.example/1", reason="Line one\nLine two")
    answer = send(client, fields_of(check(client, form)))
    correction = the_correction(form)
    assert answer["Location"] == page_of(correction)
    assert messages_of(answer) == [
        "Proposed. It waits for a second person, who will find it among the corrections to approve."
    ]
    assert (correction.state, correction.kind, correction.reason) == (
        "proposed",
        "contra",
        "Line one\nLine two",
    )
    assert correction.evidence == "https://desk.example/1"
    then_fare(booking, "24.00", version=3)
    assert [(act, of) for act, of, _ in acts_of(client)] == [("correction_proposed", booking)]


def test_below_the_limit_the_fare_is_corrected_at_once_and_that_is_said_before(client: Client) -> None:
    booking = given(set_("14.00", currency="NOK"), add("toll", "5.00"))
    with limit("NOK", "10.00"):
        form = filled(client, booking, 2)
        look = check(client, form)
        assert "nobody else Within the limit of NOK 10.00" in said(look)
        assert "Correct the fare now" in said(look)
        answer = send(client, fields_of(look))
    assert messages_of(answer) == [
        "Corrected at once, within the limit. The fare is NOK 14.00, at version 3."
    ]
    then_fare(booking, "14.00", version=3)
    ((act, _, details),) = acts_of(client)
    assert (act, details["event_version"]) == ("correction_proposed", 3)


def test_pressed_twice_it_is_one_correction_and_one_entry(client: Client) -> None:
    form = filled(client, toll_charged_twice())
    first, second = send(client, form), send(client, form)
    assert first["Location"] == second["Location"]
    assert Correction.objects.filter(booking_id=form["booking_id"]).count() == 1
    assert len(acts_of(client)) == 1


def test_pressed_twice_at_once_it_is_one_correction_and_one_event() -> None:
    person = support()
    booking = given(set_("14.00", currency="DKK"), add("toll", "5.00"))
    with limit("DKK", "10.00"):
        form = filled(client_of(person), booking, 2)
        answers = together([lambda: send(client_of(person), form)] * 4)
    assert {answer["Location"] for answer in answers} == {page_of(the_correction(form))}
    then_fare(booking, "14.00", version=3)
    assert len(acts_of(client_of(person))) == 1


def test_a_fare_that_moved_before_the_look_is_said_and_asked_anew(client: Client) -> None:
    booking = toll_charged_twice()
    form = filled(client, booking)
    append(booking, add("waiting_fee", "3.00"))
    look = check(client, form)
    assert "The fare moved while you were writing; it is SGD 27.00 by now. Nothing was sent." in said(look)
    assert "Version 4 : SGD 3.00 added (waiting fee), Pricing" in said(look)
    assert "From SGD 27.00 arrow_forward to SGD 22.00" in said(look)
    assert send(client, fields_of(look)).status_code == 302
    assert the_correction(form).seen_version == 4


def test_a_fare_that_moved_after_the_look_is_not_corrected_unseen(client: Client) -> None:
    booking = given(set_("14.00", currency="SEK"), add("toll", "5.00"))
    with limit("SEK", "10.00"):
        seen = fields_of(check(client, filled(client, booking, 2)))
        append(booking, add("waiting_fee", "3.00"))
        answer = send(client, seen)
        assert answer.status_code == 409
        assert not Correction.objects.filter(pk=seen["id"]).exists()
        assert "it is SEK 22.00 by now. Nothing was sent." in said(answer)
        anew = fields_of(answer)
        assert {**anew, "seen_version": "2"} == {**seen, "csrfmiddlewaretoken": anew["csrfmiddlewaretoken"]}
        assert send(client, anew).status_code == 302
    then_fare(booking, "17.00", version=4)


def test_back_to_change_something_all_is_as_it_was_typed(client: Client) -> None:
    form = filled(
        client,
        toll_charged_twice(),
        kind="event",
        type="ADD",
        amount="1,2",
        component="Nice fee",
        target="9",
        reason="<b>",
        evidence="x",
    )
    answer = client.post(PROPOSE, {**form, "step": "edit"})
    assert answer.status_code == 200
    back = fields_of(answer)
    back["csrfmiddlewaretoken"] = form["csrfmiddlewaretoken"]
    assert back == form
    assert "Write an amount" not in said(answer)


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no reason": ({"reason": " "}, "Say why, in your own words."),
    "no code": ({"reason_code": ""}, "Choose a reason."),
    "an unknown code": ({"reason_code": "because"}, "This reason can no longer be chosen; choose another."),
    "no kind": ({"kind": ""}, "Choose what should be done."),
    "no target": ({"kind": "should_be"}, "Write what the fare should be."),
    "a target in words": ({"kind": "should_be", "target": "less"}, "Write a fare such as 20.00."),
    "too many decimals": (
        {"kind": "should_be", "target": "9.001"},
        "SGD has 2 decimals in this booking; the amount has more.",
    ),
    "the same fare": ({"kind": "should_be", "target": "24.00"}, "The fare is SGD 24.00 already."),
    "no amount": ({"kind": "event", "type": "SUB"}, "Write the amount."),
    "an amount with a sign": (
        {"kind": "event", "type": "SUB", "amount": "-3"},
        "Write an amount such as 5.00, without a sign.",
    ),
    "a component that is none": (
        {"kind": "event", "type": "SUB", "amount": "3", "component": "ทางด่วน"},
        "Write a short name such as waiting fee",
    ),
    "a link that is none": (
        {"evidence": "javascript:alert(1)"},
        "Write a link that begins with https:// or http://.",
    ),
    "an event that is none": ({"version": "77"}, "no version 77"),
    "a set that is cancelled": ({"version": "1"}, "Version 1 sets the fare; only what was added"),
    "a broken id": ({"id": "x"}, "id must be a UUID"),
    "NUL": ({"reason": "a\x00b"}, "Null characters are not allowed."),
}


@pytest.mark.parametrize(("typed", "why"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("step", ["check", "send", ""])
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    client: Client, typed: dict[str, str], why: str, step: str
) -> None:
    form = filled(client, toll_charged_twice(), evidence="https://desk.example/1") | typed
    answer = client.post(PROPOSE, {**form, "step": step})
    assert answer.status_code in (400, 404)
    assert why in said(answer)
    if answer.status_code == 400 and "\x00" not in form["reason"]:
        kept = fields_of(answer)
        assert all(
            kept.get(name, "").strip() == value.strip()
            for name, value in form.items()
            if name not in ("csrfmiddlewaretoken", "reason_code")
        )
    assert not Correction.objects.filter(booking_id=form["booking_id"]).exists()


@pytest.mark.parametrize("typed", ["1,234.50", " 1234.50", "1234.5"])
def test_an_amount_is_taken_as_the_page_shows_it(client: Client, typed: str) -> None:
    form = filled(client, given(set_("2,000.00".replace(",", ""))), 1, kind="should_be", target=typed)
    assert send(client, form).status_code == 302
    assert str(the_correction(form).target) == "1234.50"


def test_a_component_is_taken_as_the_page_shows_it(client: Client) -> None:
    form = filled(
        client, toll_charged_twice(), kind="event", type="ADD", amount="1", component="Waiting fee "
    )
    assert send(client, form).status_code == 302
    assert the_correction(form).component == "waiting_fee"


def test_below_zero_is_asked_about_only_where_it_comes_to_that(client: Client) -> None:
    booking = given(set_("5.00"))
    form = filled(client, booking, 1, kind="event", type="SUB", amount="8.00", component="goodwill")
    assert "below zero" not in said(client.get(PROPOSE, {"booking_id": booking, "version": 1}))
    refused = check(client, form)
    assert refused.status_code == 400
    assert "The fare would be SGD −3.00, which is below zero. If that is meant" in said(refused)
    assert "The fare may end below zero" in said(refused)
    look = check(client, {**form, "allow_negative": "on"})
    assert "to SGD −3.00" in said(look)
    assert "Below zero allowed" in said(look)
    send(client, fields_of(look))
    assert the_correction(form).allow_negative


def test_a_fare_below_zero_that_should_be_is_asked_about_too(client: Client) -> None:
    form = filled(client, given(set_("5.00")), 1, kind="should_be", target="−3.00")
    refused = check(client, form)
    assert "A fare below zero must be allowed explicitly." in said(refused)
    assert send(client, {**form, "allow_negative": "on"}).status_code == 302


def test_what_is_not_of_the_chosen_kind_does_not_count(client: Client) -> None:
    form = filled(client, toll_charged_twice(), target="x", amount="y", component="z z", type="SET")
    assert send(client, form).status_code == 302
    assert the_correction(form).kind == "contra"


def test_a_form_that_was_sent_and_then_changed_is_not_taken_for_the_same(client: Client) -> None:
    form = filled(client, toll_charged_twice())
    sent = send(client, form)["Location"]
    changed = {**form, "reason": "Something else"}
    answer = send(client, changed)
    assert answer.status_code == 409
    assert "This was sent before, as it was then." in said(answer)
    assert f'href="{sent}"' in answer.content.decode()
    assert fields_of(answer)["id"] != form["id"]
    assert fields_of(answer)["reason"] == "Something else"
    assert send(client, fields_of(answer)).status_code == 302


def test_somebody_elses_id_makes_nothing(client: Client) -> None:
    other = waiting(contra(toll_charged_twice()))
    form = filled(client, toll_charged_twice(), id=str(other.pk))
    answer = send(client, form)
    assert answer.status_code == 409
    assert "a new one needs a new id" in said(answer)
    assert not Correction.objects.filter(booking_id=form["booking_id"]).exists()


def test_a_reason_that_is_switched_off_cannot_be_chosen(client: Client) -> None:
    code = f"off_{uuid4().hex[:12]}"
    ReasonCode.objects.create(code=code, label=f"Label of {code}", text="No longer.", is_active=False)
    booking = toll_charged_twice()
    assert code not in client.get(PROPOSE, {"booking_id": booking}).content.decode()
    assert check(client, filled(client, booking, reason_code=code)).status_code == 400


def test_corrections_that_wait_already_are_named(client: Client) -> None:
    correction = waiting(contra(toll_charged_twice()))
    page = said(client.get(PROPOSE, {"booking_id": correction.booking_id}))
    assert "A correction of this fare waits already: Cancel version 3: take SGD 5.00 off (toll)" in page


def test_a_database_that_does_not_answer_loses_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise Unavailable("the database did not answer; send the same again")

    form = filled(client, toll_charged_twice())
    with monkeypatch.context() as patched:
        patched.setattr(proposing, "propose", away)
        answer = send(client, form)
    assert answer.status_code == 503
    assert "Send it again: it is made once, however often you send." in said(answer)
    assert fields_of(answer)["reason"] == form["reason"]
    assert send(client, fields_of(answer)).status_code == 302


def test_what_cannot_be_noted_is_not_done(client: Client) -> None:
    booking = given(set_("14.00", currency="MYR"), add("toll", "5.00"))
    with limit("MYR", "10.00"):
        form = filled(client, booking, 2)
        with audit_cannot_be_written():
            assert send(client, form).status_code == 503
        then_fare(booking, "19.00", version=2)
        assert not Correction.objects.filter(pk=form["id"]).exists()
        assert send(client, form).status_code == 302
    then_fare(booking, "14.00", version=3)


@pytest.mark.parametrize("booking", ["BK-unknown", "nonsense !", "\x00", "x" * 500, "' OR 1=1"])
def test_a_booking_that_is_none_is_asked_for_again(client: Client, booking: str) -> None:
    answer = client.get(PROPOSE, {"booking_id": booking})
    assert answer.status_code == 404
    assert "The ledger has no booking of this id." in said(answer)


def test_without_a_booking_it_asks_for_one(client: Client) -> None:
    assert "Or name the booking here." in said(client.get(PROPOSE))


@pytest.mark.parametrize("version", ["0", "-1", "x", "9" * 30, "٣"])
def test_a_version_that_is_none_is_as_if_it_were_not_there(client: Client, version: str) -> None:
    answer = client.get(PROPOSE, {"booking_id": toll_charged_twice(), "version": version})
    assert fields_of(answer)["version"] == ""


def test_a_negative_amount_that_is_cancelled_is_added_back(client: Client) -> None:
    booking = given(set_("14.00"), sub("promo", "2.00"))
    assert "Add SGD 2.00 (promo)" in said(check(client, filled(client, booking, 2)))


def test_what_was_typed_cannot_become_markup(client: Client) -> None:
    form = filled(client, toll_charged_twice(), reason="</textarea><script>alert(1)</script>")
    look = check(client, form)
    assert b"<script>alert(1)" not in look.content
    page = client.get(send(client, fields_of(look))["Location"])
    assert b"<script>alert(1)" not in page.content
    assert "<script>alert(1)</script>" in said(page) or "alert(1)" in said(page)


def test_a_form_without_its_token_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(support())
    assert client.post(PROPOSE, {"booking_id": toll_charged_twice(), "step": "send"}).status_code == 403
