"""The fare page's button that issues a receipt: who may press it, and that pressing it twice issues one."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from projections import receipts
from projections.admin.fares import fare_url
from tests.builders import add, append, given, set_
from tests.projections.admin.pages import messages_of, text_of
from tests.projections.receipts.histories import issued
from tests.staff import signed_in, staff

BUTTON = "Issue a receipt"


@pytest.fixture(scope="module")
def support() -> Client:
    return signed_in("support")


def address(booking: str) -> str:
    return f"/admin/projections/currentfare/{booking}/receipts/issue/"


def test_support_issues_a_receipt_and_finds_its_link_on_the_page(support: Client) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    page = text_of(support.get(fare_url(booking)))
    assert f"Receipts No receipt yet. receipt_long{BUTTON}" in page
    answer = support.post(address(booking))
    assert answer["Location"] == fare_url(booking)
    assert messages_of(answer) == [f"Receipt {booking}-R1 was issued."]
    assert issued(booking) == [(1, 2)]
    page = text_of(support.get(fare_url(booking)))
    assert "Receipt 1 PDF of receipt 1 of version 2, " in page
    assert BUTTON not in page


def test_pressed_again_it_issues_nothing(support: Client) -> None:
    booking = given(set_("14.00"))
    support.post(address(booking))
    answer = support.post(address(booking))
    already = f"Receipt {booking}-R1 had been issued already: the fare has not changed since."
    assert messages_of(answer)[-1] == already
    assert issued(booking) == [(1, 1)]
    assert LogEntry.objects.filter(object_id=f"{booking}-R1").count() == 1


def test_it_issues_what_the_api_answers_then(support: Client) -> None:
    booking = given(set_("14.00"))
    support.post(address(booking))
    assert receipts.issue(booking).number == f"{booking}-R1"
    assert receipts.of_number(booking, 1).reason == "request"


def test_a_fare_that_has_changed_can_have_another(support: Client) -> None:
    booking = given(set_("14.00"))
    support.post(address(booking))
    append(booking, add("toll", "5.00"))
    page = text_of(support.get(fare_url(booking)))
    assert "Receipt 1 " in page
    assert BUTTON in page
    support.post(address(booking))
    assert issued(booking) == [(1, 1), (2, 2)]


def test_who_issued_it_is_written_down() -> None:
    booking, client = given(set_("14.00")), signed_in("lead")
    client.post(address(booking))
    entry = LogEntry.objects.get(object_id=f"{booking}-R1")
    assert str(entry.user_id) == client.session["_auth_user_id"]
    assert entry.change_message == "issued, of version 1"


@pytest.mark.parametrize("group", ["support", "lead", "operator"])
def test_these_groups_may(group: str) -> None:
    booking = given(set_("14.00"))
    assert signed_in(group).post(address(booking)).status_code == 302
    assert issued(booking) == [(1, 1)]


@pytest.mark.parametrize("group", ["viewer", "auditor"])
def test_the_others_see_no_button_and_are_told_which_permission_is_missing(group: str) -> None:
    booking, client = given(set_("14.00")), signed_in(group)
    page = text_of(client.get(fare_url(booking)))
    assert "No receipt yet." in page
    assert BUTTON not in page
    answer = client.post(address(booking))
    assert answer.status_code == 403
    assert b"projections.add_receipt" in answer.content
    assert issued(booking) == []


def test_only_a_post_with_the_token_of_our_own_page_issues(support: Client) -> None:
    booking = given(set_("14.00"))
    assert support.get(address(booking)).status_code == 405
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(staff("support"))
    assert careful.post(address(booking)).status_code == 403
    assert issued(booking) == []
    page = careful.get(fare_url(booking)).content.decode()
    token = re.search(rf'action="{address(booking)}">.*?name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    assert careful.post(address(booking), {"csrfmiddlewaretoken": token[1]}).status_code == 302
    assert issued(booking) == [(1, 1)]


@pytest.mark.parametrize("booking", ["BK-of-nobody", "a%20b", "%E0%B8%81", "x" * 65])
def test_a_booking_that_is_not_there_is_a_404(support: Client, booking: str) -> None:
    assert support.post(address(booking)).status_code == 404
