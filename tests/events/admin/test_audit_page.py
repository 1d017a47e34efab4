"""The page of the audit: auditors look for what somebody did, and looking is itself noted."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from events.admin.audit_page import PAGE
from events.audit import record
from events.models import AuditEntry
from tests.audits import acts_of, audit_cannot_be_written
from tests.builders import given, new_booking_id, set_
from tests.projections.admin.pages import text_of
from tests.staff import signed_in, staff

AUDIT = "/admin/events/auditentry/"


@pytest.fixture
def auditor() -> Client:
    return signed_in("auditor")


@pytest.fixture
def somebody() -> User:
    """Somebody who looked at three things of two bookings."""
    return staff("support")


def test_what_somebody_did_is_found_by_name(auditor: Client, somebody: User) -> None:
    booking = given(set_("14.00"))
    record("searched", user=somebody, request=None, typed="BK-77")
    record("metadata_read", user=somebody, request=None, booking_id=booking, version=1)
    text = text_of(auditor.get(AUDIT, {"person": somebody.username}))
    assert f"Read metadata Version 1 {booking}" in text
    assert "Searched Typed BK-77" in text
    assert text.index("Read metadata Version") < text.index("Searched Typed")


def test_a_booking_of_the_list_leads_to_its_fare(auditor: Client, somebody: User) -> None:
    booking = given(set_("14.00"))
    record("metadata_read", user=somebody, request=None, booking_id=booking)
    content = auditor.get(AUDIT, {"booking": booking}).content.decode()
    assert f'href="/admin/projections/currentfare/{booking}/change/"' in content


@pytest.mark.parametrize("asked", ["person", "action", "booking", "day"])
def test_each_way_of_asking_leaves_the_others_out(auditor: Client, somebody: User, asked: str) -> None:
    booking, other = new_booking_id(), staff("support")
    record("raw_read", user=somebody, request=None, booking_id=booking)
    record("exported", user=other, request=None, booking_id=new_booking_id())
    ways = {
        "person": somebody.username,
        "action": "raw_read",
        "booking": booking,
        "day": timezone.localdate().isoformat(),
    }
    text = text_of(auditor.get(AUDIT, {asked: ways[asked]}))
    assert booking in text
    assert (f"{other.username} Exported" in text) == (asked == "day")


def test_looking_is_noted_with_what_was_looked_for(auditor: Client) -> None:
    auditor.get(AUDIT)
    auditor.get(AUDIT, {"person": "somebody", "day": "2026-05-03", "action": "", "booking": " "})
    assert acts_of(auditor) == [
        ("audit_read", None, {}),
        ("audit_read", None, {"person": "somebody", "day": "2026-05-03"}),
    ]


def test_nothing_is_shown_where_looking_cannot_be_noted(auditor: Client, somebody: User) -> None:
    record("searched", user=somebody, request=None, typed="a secret")
    auditor.raise_request_exception = False
    with audit_cannot_be_written():
        answer = auditor.get(AUDIT, {"person": somebody.username})
    assert answer.status_code == 503
    assert "could not be noted in the audit" in answer.content.decode()
    assert b"a secret" not in answer.content


def test_older_entries_are_a_page_further_and_the_choice_stays(auditor: Client, somebody: User) -> None:
    for number in range(PAGE + 3):
        record("searched", user=somebody, request=None, number=number)
    first = auditor.get(AUDIT, {"person": somebody.username})
    assert f"Number {PAGE + 2} " in text_of(first)
    assert "Number 2 " not in text_of(first)
    older = first.context["page"].older_query
    assert parse_qs(urlsplit(older).query)["person"] == [somebody.username]
    second = auditor.get(AUDIT + older)
    assert [f"Number {number} " in text_of(second) for number in (3, 2, 0)] == [False, True, True]
    assert second.context["page"].older_query == ""
    assert second.context["page"].newest_query == f"?person={somebody.username}"


@pytest.mark.parametrize("before", ["0", "9" * 19, "9" * 40, "-1", "x", "１"])
def test_a_page_that_somebody_made_up_is_a_page_all_the_same(auditor: Client, before: str) -> None:
    assert auditor.get(AUDIT, {"before": before}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"day": "3 May"}, "This is not a day of the calendar, written like 2026-05-03."),
        ({"day": "2026-02-30"}, "This is not a day of the calendar"),
        ({"day": "0001-01-01"}, "This is not a day of the calendar"),
        ({"action": "looked"}, "There is no such action."),
    ],
)
def test_what_cannot_be_understood_is_said_and_stays_in_the_form(
    auditor: Client, asked: dict[str, str], said: str
) -> None:
    answer = auditor.get(AUDIT, {**asked, "person": "somebody"})
    text = text_of(answer)
    assert said in text
    assert "Nothing was looked for" in text
    assert 'value="somebody"' in answer.content.decode()
    assert acts_of(auditor) == []


def test_nothing_found_says_what_may_be_the_reason(auditor: Client) -> None:
    text = text_of(auditor.get(AUDIT, {"person": "nobody-of-this-name"}))
    assert "No entry" in text
    assert "A name must be written as it was then, and a booking id in full." in text


def test_an_entry_of_an_account_that_is_gone_keeps_its_name(auditor: Client) -> None:
    gone = staff()
    name = gone.username
    record("searched", user=gone, request=None)
    gone.delete()
    assert f"{name} Searched" in text_of(auditor.get(AUDIT, {"person": name}))


def test_what_was_typed_is_shown_as_text_and_never_as_markup(auditor: Client, somebody: User) -> None:
    record("searched", user=somebody, request=None, typed="<script>alert(1)</script>")
    content = auditor.get(AUDIT, {"person": somebody.username}).content.decode()
    assert "<script>alert(1)" not in content
    assert "&lt;script&gt;alert(1)" in content


def test_a_day_begins_and_ends_at_midnight_of_the_pages_zone(auditor: Client, somebody: User) -> None:
    record("searched", user=somebody, request=None, typed="today")
    for days, found in ((0, True), (1, False), (-1, False)):
        day = (timezone.localdate() + timedelta(days=days)).isoformat()
        text = text_of(auditor.get(AUDIT, {"person": somebody.username, "day": day}))
        assert ("Typed today" in text) == found


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_nothing_can_be_done_there(auditor: Client, method: str) -> None:
    before = AuditEntry.objects.count()
    assert getattr(auditor, method)(AUDIT, {"action": "delete_selected"}).status_code == 405
    assert AuditEntry.objects.count() == before
