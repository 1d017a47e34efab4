"""The start page: everybody sees the cards that they may see, whatever fails beside them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from projections.admin.dashboard import card, start_page
from projections.admin.dashboard.card import Asked, Card
from tests.builders import given, set_
from tests.projections.admin.pages import text_of
from tests.staff import signed_in, staff

START = "/admin/"
FOR_ALL = ["today", "waiting", "by_day", "large_corrections"]
FOR_OPERATORS = ["today", "waiting", "feed_lag", "drift_check", "by_day", "large_corrections"]


def cards_on(answer: object) -> list[str]:
    return re.findall(r'<section class="fh-card fh-board-card fh-board-(\w+)', answer.content.decode())  # type: ignore[attr-defined]


def failing(asked: Asked) -> None:
    raise ZeroDivisionError("of a test")


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Asked], object]], None]:
    """The card of today is computed by another function."""

    def replace(compute: Callable[[Asked], object]) -> None:
        known = start_page.FIGURES
        other = Card("today", known[0].title, known[0].permission, compute)
        monkeypatch.setattr(start_page, "FIGURES", (other, *known[1:]))

    return replace


@pytest.mark.parametrize(
    ("group", "seen"),
    [
        ("viewer", FOR_ALL),
        ("support", FOR_ALL),
        ("lead", FOR_ALL),
        ("operator", FOR_OPERATORS),
        ("auditor", FOR_OPERATORS),
    ],
)
def test_everybody_sees_the_cards_that_they_may_see(group: str, seen: list[str]) -> None:
    answer = signed_in(group).get(START)
    assert cards_on(answer) == seen
    assert "Cannot be read" not in text_of(answer)
    assert 'name="q"' in answer.content.decode()


def test_staff_without_rights_see_no_card_and_whom_to_ask() -> None:
    answer = signed_in().get(START)
    assert cards_on(answer) == []
    assert "may not see anything yet" in text_of(answer)
    assert "data-fh-live" not in answer.content.decode()


def test_a_stranger_is_sent_to_log_in() -> None:
    assert Client().get(f"{START}?live")["Location"].startswith("/admin/login/")


def test_a_failing_card_shows_its_error_and_leaves_the_others_alone(
    viewer: Client, replaced: Callable[[Callable[[Asked], object]], None]
) -> None:
    replaced(failing)
    answer = viewer.get(START)
    assert cards_on(answer) == FOR_ALL
    text = text_of(answer)
    assert "Cannot be read ZeroDivisionError: of a test" in text
    assert text.count("Cannot be read") == 1


def test_a_statement_that_takes_too_long_is_ended_and_the_other_cards_come(
    viewer: Client,
    replaced: Callable[[Callable[[Asked], object]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(asked: Asked) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")

    monkeypatch.setattr(card, "LONGEST_MS", 50)
    replaced(slow)
    text = text_of(viewer.get(START))
    assert "statement timeout" in text
    assert text.count("Cannot be read") == 1


def test_a_card_that_fails_later_keeps_what_was_known_and_says_how_old_it_is(
    viewer: Client, replaced: Callable[[Callable[[Asked], object]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    given(set_("14.00"))
    replaced(start_page.FIGURES[0].compute)
    headline = re.search(r"[\d,]+ events?", text_of(viewer.get(START)))
    assert headline is not None
    later = timezone.now() + timedelta(minutes=3)
    monkeypatch.setattr(timezone, "now", lambda: later)
    replaced(failing)
    text = text_of(viewer.get(START))
    assert "As of 3 min ago" in text
    assert "ZeroDivisionError: of a test" in text
    assert headline[0] in text


def test_what_cannot_be_computed_is_not_tried_by_everybody_who_looks() -> None:
    """Each would hold a thread of the server for as long as the database hangs."""
    tries: list[Asked] = []

    def fail(asked: Asked) -> None:
        tries.append(asked)
        raise ZeroDivisionError("of a test")

    one, now = Card("a_test", "A test", "x", fail, is_personal=True), timezone.now()
    for _ in range(3):
        assert card.shown(one, Asked(staff("viewer"), now=now)).error == "ZeroDivisionError: of a test"
    assert len(tries) == 1
    later = now + timedelta(seconds=card.TRIED_AGAIN_SECONDS)
    card.shown(one, Asked(staff("viewer"), now=later))
    assert len(tries) == 2


def test_many_who_look_cost_as_much_as_one() -> None:
    computed: list[Asked] = []
    one = Card("a_test", "A test", "x", computed.append, seconds=60)
    for _ in range(3):
        card.shown(one, Asked(staff("viewer")))
    assert len(computed) == 1


def test_what_depends_on_who_looks_is_not_shown_to_others() -> None:
    one = Card("a_test", "A test", "x", lambda asked: asked.user.pk, is_personal=True, seconds=60)
    mine, other = staff("viewer"), staff("viewer")
    assert [card.shown(one, Asked(who)).value for who in (mine, other)] == [mine.pk, other.pk]


def test_an_update_is_only_the_cards() -> None:
    client = signed_in("operator")
    whole, live = client.get(f"{START}?currency=SGD"), client.get(f"{START}?live&currency=SGD")
    assert 'data-fh-live="/admin/?live&amp;currency=SGD"' in whole.content.decode()
    assert cards_on(live) == cards_on(whole)
    assert "<html" not in live.content.decode()
    assert 'name="q"' not in live.content.decode()


@pytest.mark.parametrize(
    "query", ["?currency=x", "?currency=<b>", "?currency=%00%00%00", "?live=1&currency=ZZZ"]
)
def test_what_an_address_cannot_mean_is_left_out(viewer: Client, query: str) -> None:
    text = text_of(viewer.get(START + query))
    assert "Cannot be read" not in text


def test_who_may_not_approve_is_not_told_what_others_proposed(viewer: Client) -> None:
    assert "proposed by" not in text_of(viewer.get(START)).partition("Fares by day")[0]
