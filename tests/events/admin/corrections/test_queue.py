"""The queue: what waits for me, what is mine, what was decided; filtered by its address, read page by page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from events import corrections
from events.admin.corrections import queue_page
from events.corrections.models import Correction
from tests.events.admin.corrections.screens import QUEUE, client_of, said
from tests.events.corrections.desk import (
    contra,
    lead,
    limit,
    person_in,
    support,
    toll_charged_twice,
    waiting,
)


@pytest.fixture
def me() -> User:
    return support()


def listed(person: User, **asked: str) -> list[str]:
    """The bookings of a page, in order."""
    page = client_of(person).get(QUEUE, asked).content.decode()
    return re.findall(r"data-fh-row>([^<]+)<", page)


def proposed(by: User, days_ago: float = 0) -> Correction:
    booking, now = toll_charged_twice(), timezone.now
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(timezone, "now", lambda: now() - timedelta(days=days_ago))
        return waiting(contra(booking), by)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(queue_page, "PAGE", 3)
    yield


def test_to_approve_is_what_others_proposed_the_longest_waiting_first(me: User) -> None:
    other = support()
    mine, new, old = proposed(me), proposed(other), proposed(other, days_ago=6.5)
    bookings = listed(me, maker=other.username)
    assert bookings == [old.booking_id, new.booking_id]
    assert mine.booking_id not in listed(me)
    row = said(client_of(me).get(QUEUE, {"maker": other.username, "list": "waiting"}))
    assert (
        f"Cancel version 3: take SGD 5.00 off (toll) Charged twice SGD −5.00 {other.username} 6 days ago"
        in row
    )
    assert "waiting 12 hours left" in row or "waiting 11 hours left" in row


def test_mine_has_all_states_and_nobody_elses(me: User) -> None:
    approved, kept = proposed(me), proposed(me)
    proposed(support())
    corrections.approve(approved.pk, by=lead(), seen_version=3)
    assert listed(me, list="mine") == [kept.booking_id, approved.booking_id]
    assert listed(me, list="mine", state="approved") == [approved.booking_id]
    assert listed(me, list="mine", state="waiting") == [kept.booking_id]


def test_decided_says_by_whom_and_leads_to_the_event(me: User) -> None:
    checker = lead()
    approved, rejected = proposed(me), proposed(me)
    corrections.approve(approved.pk, by=checker, seen_version=3)
    corrections.reject(rejected.pk, by=checker, reason="No")
    asked = {"list": "decided", "maker": me.username}
    assert listed(me, **asked) == [rejected.booking_id, approved.booking_id]
    assert listed(me, **asked, state="rejected") == [rejected.booking_id]
    page = client_of(me).get(QUEUE, asked)
    assert f"approved by {checker.username}, version 4" in said(page)
    assert f"/admin/projections/currentfare/{approved.booking_id}/events/4/" in page.content.decode()


def test_one_that_waited_too_long_no_longer_waits_but_is_found(me: User) -> None:
    late = proposed(me, days_ago=8)
    other = support()
    assert listed(other, maker=me.username) == []
    assert listed(other, list="all", state="expired", maker=me.username) == [late.booking_id]
    page = said(client_of(other).get(QUEUE))
    assert "Some waited longer than they may, and can only be rejected or withdrawn." in page


def test_a_booking_has_all_its_corrections(me: User) -> None:
    correction = proposed(me)
    corrections.withdraw(correction.pk, by=me, reason="No")
    again = waiting(contra(correction.booking_id), me)
    assert listed(support(), booking=correction.booking_id) == [correction.booking_id] * 2
    assert listed(support(), booking=correction.booking_id, list="waiting") == [again.booking_id]


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("asked", [{"list": "mine"}, {"list": "all"}, {"list": "waiting"}])
def test_pages_meet_without_gap_or_overlap(me: User, asked: dict[str, str]) -> None:
    made = [proposed(me).booking_id for _ in range(7)]
    reader = me if asked["list"] == "mine" else support()
    asked = asked if asked["list"] == "mine" else {**asked, "maker": me.username}
    client, found, query = client_of(reader), [], asked
    for page in range(3):
        content = client.get(QUEUE, query).content.decode()
        found += re.findall(r"data-fh-row>([^<]+)<", content)
        assert ("Back to the first page" in content) == (page > 0)
        following = re.search(r"after=([^\"&]+)", content)
        assert (following is None) == (page == 2)
        query = {**asked, "after": following.group(1)} if following else asked
    assert found == (made if asked["list"] == "waiting" else made[::-1])


def test_empty_lists_say_what_would_be_there(me: User) -> None:
    client = client_of(me)
    assert "You have proposed none yet" in said(client.get(QUEUE, {"list": "mine"}))
    nothing = said(client.get(QUEUE, {"list": "waiting", "maker": me.username}))
    assert "No correction in this list is like that." in nothing


def test_filters_that_cannot_be_are_said_and_stay(me: User) -> None:
    page = client_of(me).get(QUEUE, {"maker": "nobody-here", "booking": "no booking!"})
    assert "Nobody has an account of this name." in said(page)
    assert "This cannot be a booking id." in said(page)
    assert 'value="nobody-here"' in page.content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {"list": "x"},
        {"state": "x"},
        {"after": "x"},
        {"after": "\x00"},
        {"maker": "\x00"},
        {"maker": "x" * 999},
        {"booking": "\x00"},
        {"list": "waiting", "state": "approved"},
    ],
    ids=repr,
)
def test_any_address_is_answered(me: User, asked: dict[str, str]) -> None:
    assert client_of(me).get(QUEUE, asked).status_code == 200


def test_who_cannot_propose_has_no_list_of_their_own() -> None:
    page = said(client_of(person_in("viewer")).get(QUEUE, {"list": "mine"}))
    assert "Waiting Decided All" in page
    assert "Mine" not in page and "To approve" not in page


def badge(person: User) -> str | None:
    content = client_of(person).get("/admin/").content.decode()
    found = re.search(r'class="fh-badge"><span aria-hidden="true">([^<]+)<', content)
    return found.group(1) if found else None


def test_the_navigation_counts_what_this_person_can_approve(me: User) -> None:
    others = corrections.queue.waiting_count(me.pk, large=False)
    with limit("HUF", "1.00", "4.00"):
        waiting(contra(toll_charged_twice("HUF")))  # for a lead
        proposed(me)
        assert badge(me) == (None if not others else str(others) if others <= 99 else "99+")
        expected = corrections.queue.waiting_count(lead().pk)
        assert badge(lead()) == (str(expected) if expected <= 99 else "99+")
    assert badge(person_in("viewer")) is None
