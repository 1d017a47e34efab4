"""What operators decide: from which amount on somebody else must look, and why fares are corrected."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from events.corrections.models import CorrectionLimit, ReasonCode
from tests.audits import acts_of
from tests.events.admin.corrections.screens import client_of, said
from tests.events.corrections.desk import limit, person_in

LIMITS = "/admin/events/correctionlimit/"
REASONS = "/admin/events/reasoncode/"


@pytest.fixture
def operator() -> Client:
    return client_of(person_in("operator"))


def test_an_operator_sets_the_limits_of_a_currency(operator: Client) -> None:
    typed = {"currency": "isk", "free_up_to": "500", "lead_above": "20000"}
    assert operator.post(f"{LIMITS}add/", typed).status_code == 302
    row = CorrectionLimit.objects.get(currency="ISK")
    try:
        ((act, _, details),) = acts_of(operator)
        assert act == "setting_added"
        assert (details["name"], details["free_up_to"], details["lead_above"]) == ("ISK", "500", "20000")
        page = said(operator.get(LIMITS))
        assert "up to ISK 500 above ISK 20,000" in page
        form = operator.get(f"{LIMITS}{row.pk}/change/").content.decode()
        assert 'value="500"' in form and 'value="20000"' in form
        assert (
            operator.post(f"{LIMITS}{row.pk}/change/", {"free_up_to": "0", "lead_above": ""}).status_code
            == 302
        )
        assert "ISK never never" in said(operator.get(LIMITS))
    finally:
        row.delete()


NO_NUMBERS = ["free_up_to = 'NaN', lead_above = NULL", "lead_above = 'NaN'"]


@pytest.mark.parametrize("columns", NO_NUMBERS)
def test_a_limit_that_is_no_number_is_shown_and_can_be_put_right(operator: Client, columns: str) -> None:
    """Only SQL can have put it there."""
    with limit("ISK", "5", "9") as row:
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE events_correctionlimit SET {columns} WHERE id = %s", [row.pk])
        assert "ISK, not a number" in said(operator.get(LIMITS))
        form = operator.get(f"{LIMITS}{row.pk}/change/")
        assert form.status_code == 200
        typed = {"free_up_to": "7", "lead_above": "9"}
        assert operator.post(f"{LIMITS}{row.pk}/change/", typed).status_code == 302
        row.refresh_from_db()
        assert row.free_up_to == 7 and row.lead_above == 9


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no currency": ({"currency": "QQQ"}, "QQQ is not a currency that fares can have."),
    "decimals": ({"free_up_to": "5.5"}, "ISK has 0 decimals; this amount has more."),
    "below zero": ({"free_up_to": "-1"}, "greater than or equal to 0"),
    "out of order": ({"lead_above": "1"}, "cannot be below the one that is free"),
}


@pytest.mark.parametrize(("typed", "why"), WRONG.values(), ids=WRONG)
def test_a_limit_that_makes_no_sense_is_refused_in_words(
    operator: Client, typed: dict[str, str], why: str
) -> None:
    answer = operator.post(
        f"{LIMITS}add/", {"currency": "ISK", "free_up_to": "5", "lead_above": "9", **typed}
    )
    assert answer.status_code == 200
    assert why in said(answer)
    assert not CorrectionLimit.objects.filter(currency="ISK").exists()


def test_a_limit_is_of_one_currency_for_ever_and_can_be_deleted(operator: Client) -> None:
    with limit("ALL", "5", "9"):
        row = CorrectionLimit.objects.get(currency="ALL")
        operator.post(f"{LIMITS}{row.pk}/change/", {"currency": "AMD", "free_up_to": "6", "lead_above": "9"})
        row.refresh_from_db()
        assert (row.currency, str(row.free_up_to)) == ("ALL", "6.0000")
        assert operator.post(f"{LIMITS}{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert [act for act, *_ in acts_of(operator)] == ["setting_changed", "setting_deleted"]


def test_an_operator_adds_a_reason_and_switches_it_off(operator: Client) -> None:
    code = f"why_{uuid4().hex[:12]}"
    typed = {"label": f"Label {code}", "text": "It was so.", "code": code, "is_active": "on"}
    assert operator.post(f"{REASONS}add/", typed).status_code == 302
    row = ReasonCode.objects.get(code=code)
    changed = {"label": row.label, "text": "It was not so.", "code": "another"}
    assert operator.post(f"{REASONS}{row.pk}/change/", changed).status_code == 302
    row.refresh_from_db()
    assert (row.code, row.text, row.is_active) == (code, "It was not so.", False)
    assert [(act, details["can_be_chosen"]) for act, _, details in acts_of(operator)] == [
        ("setting_added", True),
        ("setting_changed", False),
    ]
    assert "Staff choose by the label; the customer is told the text" in said(
        operator.get(f"{REASONS}{row.pk}/change/")
    )


def test_a_reason_is_never_deleted_not_even_by_an_administrator() -> None:
    person = person_in("viewer")
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    client = client_of(User.objects.get(pk=person.pk))
    row = ReasonCode.objects.get(code="goodwill")
    assert client.post(f"{REASONS}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    action: dict[str, Any] = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
    client.post(REASONS, action)
    assert ReasonCode.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("group", ["lead", "auditor"])
def test_leads_and_auditors_see_them_and_change_nothing(group: str) -> None:
    client, row = client_of(person_in(group)), ReasonCode.objects.get(code="goodwill")
    assert client.get(LIMITS).status_code == 200
    assert client.get(f"{REASONS}{row.pk}/change/").status_code == 200
    assert client.post(f"{REASONS}{row.pk}/change/", {"label": "x", "text": "x"}).status_code == 403
    assert client.get(f"{LIMITS}add/").status_code == 403


@pytest.mark.parametrize("group", ["viewer", "support"])
def test_others_do_not_see_them(group: str) -> None:
    client = client_of(person_in(group))
    for address in (LIMITS, REASONS):
        assert client.get(address).status_code == 403


def test_a_limit_of_a_currency_that_there_is_not_breaks_no_page(operator: Client) -> None:
    """The form refuses it, SQL does not."""
    with limit("QQQ", "5.1234", "9") as row:
        assert "QQQ up to QQQ 5.1234 above QQQ 9" in said(operator.get(LIMITS))
        form = f"{LIMITS}{row.pk}/change/"
        assert operator.get(form).status_code == 200
        answer = operator.post(form, {"free_up_to": "5", "lead_above": "9"})
        assert answer.status_code == 200
        assert "QQQ is not a currency that fares can have." in said(answer)
        assert operator.post(f"{LIMITS}{row.pk}/delete/", {"post": "yes"}).status_code == 302
        assert not CorrectionLimit.objects.filter(currency="QQQ").exists()


@pytest.mark.parametrize("text", ["Charged\ttwice.", "Charged\ntwice.", "Charged twice.\x07"])
def test_a_text_that_no_event_can_keep_is_no_reason(operator: Client, text: str) -> None:
    """Such a correction could be proposed, and never approved."""
    typed = {"label": "Twice", "text": text, "code": f"r_{uuid4().hex}", "is_active": "on"}
    answer = operator.post(f"{REASONS}add/", typed)
    assert answer.status_code == 200
    assert "This has characters that cannot be kept with an event, such as a tab" in said(answer)
    assert not ReasonCode.objects.filter(code=typed["code"]).exists()
