"""Corrections over HTTP: by the person whose key it is, with the admin's rules, and nobody else's."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
import yaml
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from jsonschema import Draft202012Validator

from events.corrections.models import Correction
from events.models import AuditEntry
from tests.api_client import Api, assert_problem, pointers
from tests.audits import audit_cannot_be_written
from tests.builders import add, append, given, set_, then_fare
from tests.events.corrections.desk import (
    contra,
    events_of,
    lead,
    limit,
    person_in,
    support,
    toll_charged_twice,
    waiting,
)

SEEN = {"seen_version": 3}


def key_of(person: User, *scopes: str) -> Api:
    return Api.of("support-desk", *(scopes or ("fares:correct",)), user_id=person.pk)


def body(booking_id: str, **fields: Any) -> dict[str, Any]:
    whole = {
        "id": str(uuid4()),
        "booking_id": booking_id,
        "corrects_version": 3,
        "seen_version": 3,
        "kind": "contra",
        "reason_code": "charged_twice",
        "reason": "One passage, two gantries",
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not ...}


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(Client().get("/api/schema").content)
    return document


def valid(answer: Any, name: str, document: dict[str, Any]) -> dict[str, Any]:
    """The answer's document, which is as the OpenAPI document says."""
    parsed: dict[str, Any] = json.loads(answer.content)
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(parsed)
    return parsed


def test_proposed_by_one_key_and_approved_by_another(schemas: dict[str, Any]) -> None:
    booking, maker, checker = toll_charged_twice(), support(), support()
    answer = key_of(maker).post("corrections", body(booking))
    assert answer.status_code == 201
    kept = valid(answer, "Correction", schemas)
    assert answer["Location"] == f"/api/v1/corrections/{kept['id']}"
    assert (kept["state"], kept["proposed_by"], kept["amount"]) == ("proposed", maker.username, "5.00")

    read = valid(key_of(checker).get(f"corrections/{kept['id']}"), "ReviewedCorrection", schemas)
    assert read["review"]["now"]["after"]["fare"] == "19.00"
    assert "The fare is SGD 19.00" in read["customer_text"]

    path = f"corrections/{kept['id']}/approve"
    for _ in range(2):
        done = valid(key_of(checker).post(path, {"seen_version": 3}), "Correction", schemas)
        assert (done["state"], done["decided_by"], done["event_version"]) == ("approved", checker.username, 4)
    then_fare(booking, "19.00", version=4)
    (event,) = events_of(Correction.objects.get(pk=kept["id"]))
    assert (event.source, event.actor) == ("back-office", maker.username)
    assert event.request_id is not None and event.key_id is not None


def test_a_dry_run_shows_before_and_after_and_writes_nothing(schemas: dict[str, Any]) -> None:
    booking = toll_charged_twice()
    sent = body(booking, kind="should_be", target="20.00", corrects_version=2)
    answer = key_of(support()).post("corrections?dry_run=true", sent)
    assert answer.status_code == 200
    shown = valid(answer, "CorrectionPreview", schemas)
    assert shown["event"] == {"type": "SUB", "component": "toll", "amount": "4.00", "allow_negative": False}
    assert (shown["before"]["fare"], shown["after"]["fare"], shown["refusal"]) == ("24.00", "20.00", None)
    assert not Correction.objects.filter(pk=sent["id"]).exists()
    append(booking, add("waiting_fee", "1.00"))
    shown = valid(key_of(support()).post("corrections?dry_run=true", sent), "CorrectionPreview", schemas)
    assert shown["refusal"]["code"] == "fare_moved"
    assert [event["component"] for event in shown["moved"]] == ["waiting_fee"]


def test_a_dry_run_of_an_id_that_is_taken_answers_what_the_call_would(schemas: dict[str, Any]) -> None:
    """Also once an event came of it: no second one is shown that there never would be."""
    api, sent = key_of(support()), body(toll_charged_twice())
    other = {**sent, "reason": "Another"}
    assert api.post("corrections", sent).status_code == 201
    for decide in (lambda: None, lambda: key_of(support()).post(f"corrections/{sent['id']}/approve", SEEN)):
        decide()
        tried = api.post("corrections?dry_run=true", sent)
        again = api.post("corrections", sent)
        assert valid(tried, "Correction", schemas) == again.json()
        for answer in (tried, again):
            assert (answer.status_code, answer["Idempotent-Replayed"]) == (200, "true")
            assert answer["Location"] == f"/api/v1/corrections/{sent['id']}"
        for caller, proposal in ((api, other), (key_of(support()), sent)):
            shown = valid(caller.post("corrections?dry_run=true", proposal), "CorrectionPreview", schemas)
            assert shown["refusal"]["code"] == "transaction_id_reused"
            assert_problem(caller.post("corrections", proposal), 409, "transaction_id_reused")


def test_a_dry_run_without_an_event_tells_no_approver(schemas: dict[str, Any]) -> None:
    """A SET cannot be cancelled: there is nothing that anybody could approve."""
    booking = given(set_("100.00", currency="BRL"))
    api = key_of(support())
    with limit("BRL", "10.00"):
        sent = body(booking, corrects_version=1, seen_version=1)
        shown = valid(api.post("corrections?dry_run=true", sent), "CorrectionPreview", schemas)
        assert (shown["event"], shown["needs"], shown["needs_reason"]) == (None, None, "")
        assert shown["refusal"]["code"] == "invalid_correction"
        below = body(booking, kind="event", type="SUB", amount="200.00", corrects_version=1, seen_version=1)
        shown = valid(api.post("corrections?dry_run=true", below), "CorrectionPreview", schemas)
        assert (shown["refusal"]["code"], shown["needs"]) == ("negative_fare", "second_person")


NO_NUMBERS = ["free_up_to = 'NaN', lead_above = NULL", "lead_above = 'NaN'"]


@pytest.mark.parametrize("columns", NO_NUMBERS)
def test_a_limit_that_is_no_number_is_the_strictest(columns: str) -> None:
    booking = given(set_("100.00", currency="BRL"))
    with limit("BRL", "10.00", "50.00") as row:
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE events_correctionlimit SET {columns} WHERE id = %s", [row.pk])
        sent = body(booking, kind="event", type="SUB", amount="1.00", corrects_version=1, seen_version=1)
        shown = key_of(support()).post("corrections?dry_run=true", sent).json()
        assert shown["needs"] == ("second_person" if "free" in columns else "lead")


@pytest.mark.parametrize("reason", ["a\0b", "\ud800", float("nan")])
def test_what_json_allows_and_a_correction_does_not_is_the_corrections_fault(reason: Any) -> None:
    api, booking = key_of(support()), toll_charged_twice()
    answer = api.post("corrections", body(booking, reason=reason))
    assert pointers(assert_problem(answer, 422, "invalid_correction")) == ["/reason"]
    correction = waiting(contra(booking))
    answer = api.post(f"corrections/{correction.pk}/reject", {"reason": reason})
    assert pointers(assert_problem(answer, 422, "invalid_correction")) == ["/reason"]


def test_a_retry_answers_the_first_one() -> None:
    api, sent = key_of(support()), body(toll_charged_twice())
    assert api.post("corrections", sent).status_code == 201
    again = api.post("corrections", sent)
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    assert_problem(api.post("corrections", {**sent, "reason": "Another"}), 409, "transaction_id_reused")


def test_below_the_limit_the_first_answer_is_the_approved_correction() -> None:
    booking = given(set_("100.00", currency="BRL"))
    with limit("BRL", "10.00"):
        sent = body(booking, kind="event", type="SUB", amount="5.00", corrects_version=1, seen_version=1)
        answer = key_of(support()).post("corrections", sent)
    kept = json.loads(answer.content)
    assert (answer.status_code, kept["state"], kept["event_version"]) == (201, "approved", 2)


def test_a_moved_fare_is_answered_with_the_fare_as_it_is() -> None:
    booking, maker, checker = toll_charged_twice(), support(), support()
    correction = waiting(contra(booking), maker)
    append(booking, add("waiting_fee", "1.00"))
    answer = key_of(checker).post(f"corrections/{correction.pk}/approve", {"seen_version": 3})
    assert assert_problem(answer, 409, "fare_moved")["current"] == {
        "version": 4,
        "fare": "25.00",
        "currency": "SGD",
    }
    assert_problem(key_of(maker).post("corrections", body(booking)), 409, "fare_moved")


def test_the_maker_can_never_approve_and_a_lead_is_asked_for_by_name_of_the_code() -> None:
    person = lead()
    correction = waiting(contra(toll_charged_twice()), person)
    for decision, sent in (("approve", {"seen_version": 3}), ("reject", {"reason": "no"})):
        answer = key_of(person).post(f"corrections/{correction.pk}/{decision}", sent)
        assert_problem(answer, 403, "self_approval")
    with limit("COP", "0", "1.00"):
        booking = given(set_("100.00", currency="COP"), add("toll", "5.00"))
        large = waiting(contra(booking, 2))
        answer = key_of(support()).post(f"corrections/{large.pk}/approve", {"seen_version": 2})
        assert_problem(answer, 403, "needs_lead")


def test_rejecting_and_withdrawing() -> None:
    maker, checker = support(), support()
    first, second = (waiting(contra(toll_charged_twice()), maker) for _ in range(2))
    answer = key_of(checker).post(f"corrections/{first.pk}/reject", {"reason": "Two passages"})
    assert (answer.status_code, json.loads(answer.content)["state"]) == (200, "rejected")
    answer = key_of(maker).post(f"corrections/{second.pk}/withdraw", {"reason": "My mistake"})
    assert (answer.status_code, json.loads(answer.content)["state"]) == (200, "withdrawn")
    assert_problem(
        key_of(checker).post(f"corrections/{second.pk}/approve", {"seen_version": 3}),
        409,
        "correction_decided",
    )
    assert_problem(
        key_of(checker).post(f"corrections/{waiting(contra(toll_charged_twice())).pk}/withdraw", {"reason": "x"}),
        403, "permission_denied",
    )  # fmt: skip


def test_corrections_are_listed_newest_first_by_pages(schemas: dict[str, Any]) -> None:
    booking, api = toll_charged_twice(), key_of(support())
    made = [str(waiting(contra(booking)).pk) for _ in range(5)]
    listed: list[str] = []
    after = ""
    while True:
        page = valid(api.get(f"corrections?booking_id={booking}&limit=2{after}"), "CorrectionPage", schemas)
        listed += [correction["id"] for correction in page["results"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert listed == made[::-1]
    assert json.loads(api.get(f"corrections?booking_id={booking}&state=approved").content)["results"] == []
    newest = json.loads(api.get("corrections?state=proposed&limit=1").content)["results"]
    assert [correction["state"] for correction in newest] == ["proposed"]


@pytest.mark.parametrize(
    "query", ["state=done", "limit=0", "limit=1000", "after=x", "after=AAAA", "after=%00", "booking_id=", "page=2",
              "after=MjAyNi0wMS0wMVQwMDowMDowMCAx"]
)  # fmt: skip
def test_bad_parameters_are_refused(query: str) -> None:
    assert_problem(key_of(support()).get(f"corrections?{query}"), 400, "invalid_parameter")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"kind": "event", "type": "ADD", "amount": 5}, ["/amount"]),
        ({"kind": "should_be", "target": 5.5}, ["/target"]),
        ({"kind": "should_be"}, ["/target"]),
        ({"reason": ...}, ["/reason"]),
        ({"unknown": 1}, ["/unknown"]),
        ({"id": "1"}, ["/id"]),
        ({"reason_code": "nonsense"}, ["/reason_code"]),
        ({"corrects_version": 1}, ["/corrects_version"]),
        ({"kind": "should_be", "target": "24.00"}, ["/target"]),
        ({"kind": "event", "type": "ADD", "amount": "1.001"}, ["/amount"]),
    ],
)
def test_a_bad_body_names_what_is_wrong(sent: dict[str, Any], expected: list[str]) -> None:
    answer = key_of(support()).post("corrections", body(toll_charged_twice(), **sent))
    code = "unknown_reason_code" if "reason_code" in sent else "invalid_correction"
    assert pointers(assert_problem(answer, 422, code)) == expected


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"", 400, "malformed_body"),
        (b"{", 400, "malformed_body"),
        (b"[]", 422, "invalid_correction"),
        (b'"x"', 422, "invalid_correction"),
        (b'{"reason": 1}', 422, "invalid_correction"),
        (b'{"seen_version": 3, "x": 1}', 422, "invalid_correction"),
        (b'{"seen_version": null}', 422, "invalid_correction"),
    ],
)
def test_a_bad_decision_is_refused(sent: bytes, status: int, code: str) -> None:
    api, correction = key_of(support()), waiting(contra(toll_charged_twice()))
    for decision in ("approve", "reject", "withdraw"):
        assert_problem(api.post(f"corrections/{correction.pk}/{decision}", sent), status, code)


@pytest.mark.parametrize("id", ["x", str(UUID(int=1)), "%00", "1" * 300, UUID(int=1).hex])
def test_an_unknown_id_is_said_to_be_unknown(id: str) -> None:
    assert_problem(key_of(support()).get(f"corrections/{id}"), 404, "unknown_correction")
    answer = key_of(lead()).post(f"corrections/{id}/approve", {"seen_version": 1})
    assert_problem(answer, 404, "unknown_correction")


def test_an_unknown_booking_and_event() -> None:
    api = key_of(support())
    assert_problem(api.post("corrections", body(f"BK-{uuid4().hex}")), 404, "unknown_booking")
    assert_problem(
        api.post("corrections", body(toll_charged_twice(), corrects_version=9)), 404, "unknown_event"
    )


def _gone() -> User:
    person = lead()
    return User(pk=person.pk + 1_000_000)


def _inactive() -> User:
    person = lead()
    User.objects.filter(pk=person.pk).update(is_active=False)
    return person


def _no_staff() -> User:
    person = lead()
    User.objects.filter(pk=person.pk).update(is_staff=False)
    return person


@pytest.mark.parametrize(
    "person", [_gone, _inactive, _no_staff, lambda: person_in("viewer"), lambda: person_in("operator")],
    ids=["gone", "inactive", "no staff", "viewer", "operator"],
)  # fmt: skip
def test_a_key_gives_no_more_than_its_person_has(person: Any) -> None:
    api, booking = key_of(person()), toll_charged_twice()
    correction = waiting(contra(booking))
    assert_problem(api.post("corrections", body(booking)), 403, "permission_denied")
    assert_problem(api.post("corrections?dry_run=true", body(booking)), 403, "permission_denied")
    answer = api.post(f"corrections/{correction.pk}/approve", {"seen_version": 3})
    assert_problem(answer, 403, "permission_denied")
    assert events_of(correction) == []


def test_a_key_that_is_bound_to_nobody_says_so() -> None:
    api, correction = Api.of("support-desk", "fares:correct"), waiting(contra(toll_charged_twice()))
    for answer in (
        api.get("corrections"),
        api.get(f"corrections/{correction.pk}"),
        api.post("corrections", body(correction.booking_id)),
        api.post(f"corrections/{correction.pk}/approve", {"seen_version": 3}),
    ):
        assert "bound to no person" in assert_problem(answer, 403, "permission_denied")["detail"]


def test_a_key_needs_the_scope_too() -> None:
    api = key_of(lead(), "fares:read", "fares:append", "ops")
    for answer in (api.get("corrections"), api.post("corrections", {}), api.get(f"corrections/{uuid4()}")):
        assert "fares:correct" in assert_problem(answer, 403, "permission_denied")["detail"]


def test_what_people_do_by_their_keys_is_in_the_audit_once() -> None:
    booking, maker, checker = toll_charged_twice(), support(), support()
    asked = body(booking)
    for _ in range(2):
        key_of(maker).post("corrections", asked)
    for _ in range(2):
        key_of(checker).post(f"corrections/{asked['id']}/approve", {"seen_version": 3})
    entries = AuditEntry.objects.filter(booking_id=booking).order_by("pk")
    assert [(entry.action, entry.user_id) for entry in entries] == [
        ("correction_proposed", maker.pk),
        ("correction_approved", checker.pk),
    ]
    assert all(entry.details["correction"] == asked["id"] and entry.request_id for entry in entries)


def test_what_cannot_be_noted_is_not_done() -> None:
    correction, checker = waiting(contra(toll_charged_twice())), key_of(support())
    path = f"corrections/{correction.pk}/approve"
    with audit_cannot_be_written():
        assert_problem(checker.post(path, {"seen_version": 3}), 503, "unavailable")
    assert events_of(correction) == []
    assert checker.post(path, {"seen_version": 3}).status_code == 200
