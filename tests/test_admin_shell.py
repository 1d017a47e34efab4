"""The admin around the fare pages: start, people, schedules."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.formats import date_format
from django.utils.translation import override
from django_celery_beat.models import CrontabSchedule

from events.admin.pages import short
from tests.staff import PASSWORD, signed_in, staff


@pytest.fixture(scope="module")
def administrator() -> Client:
    person = staff()
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    client = Client()
    client.force_login(User.objects.get(pk=person.pk))
    return client


def test_the_start_page_asks_which_booking() -> None:
    content = signed_in("viewer").get("/admin/").content.decode()
    assert "Which booking?" in content
    assert "How to read a fare" in content


@pytest.mark.parametrize(
    "page",
    [
        "auth/user/",
        "auth/user/add/",
        "auth/group/",
        "auth/group/add/",
        "django_celery_beat/periodictask/",
        "django_celery_beat/periodictask/add/",
        "django_celery_beat/intervalschedule/",
        "django_celery_beat/crontabschedule/add/",
        "password_change/",
    ],
)
def test_pages_of_people_and_schedules_stand_in_the_same_shell(administrator: Client, page: str) -> None:
    answer = administrator.get(f"/admin/{page}")
    assert answer.status_code == 200
    assert b"farehistory/fares.css" in answer.content
    assert b'<main id="content"' in answer.content


def test_the_menu_names_only_what_a_person_may_see() -> None:
    seen = signed_in("viewer").get("/admin/").content
    assert b"/admin/projections/currentfare/" in seen
    assert b"/admin/auth/user/" not in seen
    assert b"/admin/django_celery_beat/" not in seen
    assert b"/admin/django_celery_beat/periodictask/" in signed_in("operator").get("/admin/").content


def test_every_page_begins_with_a_way_past_the_menu() -> None:
    content = signed_in("viewer").get("/admin/").content
    assert content.index(b'href="#content"') < content.index(b'id="nav-sidebar"')


@pytest.mark.parametrize("query", ["", "?next=/admin/projections/currentfare/"])
def test_a_log_in_ends_where_the_person_wanted_to_go(query: str) -> None:
    person = staff("viewer")
    client = Client()
    entered = {"username": person.username, "password": PASSWORD}
    answer = client.post(f"/admin/login/{query}", entered, follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0] == (query.partition("=")[2] or "/admin/")


def test_the_logo_has_a_name_and_its_symbol_is_not_spelled_out() -> None:
    content = signed_in("viewer").get("/admin/").content.decode()
    logo = re.search(r'<a href="/admin/" aria-label="Start"[^>]*>(.*?)</a>', content, re.DOTALL)
    assert logo is not None
    assert 'aria-hidden="true">receipt_long<' in logo[1]


@pytest.mark.parametrize("address", ["/nothing", "/admin/nothing/", "/admin/projections/nothing/"])
def test_an_unknown_address_outside_of_the_api_is_a_page_with_a_way_back(address: str) -> None:
    answer = signed_in("viewer").get(address)
    assert answer.status_code == 404
    assert b"There is no page at this address" in answer.content
    assert b'href="/admin/"' in answer.content


def test_an_unknown_address_of_the_api_stays_a_problem() -> None:
    answer = Client().get("/api/v1/nothing")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("auth/user/", "auth.view_user"),
        ("auth/group/1/change/", "auth.view_group"),
        ("django_celery_beat/periodictask/", "django_celery_beat.view_periodictask"),
        ("events/reasoncode/", "events.view_reasoncode"),
        ("axes/accessattempt/", "axes.view_accessattempt"),
    ],
)
def test_whoever_may_not_see_a_page_is_told_the_right_that_is_missing(address: str, right: str) -> None:
    answer = signed_in("viewer").get(f"/admin/{address}")
    assert answer.status_code == 403
    assert f"<code>{right}</code>" in answer.content.decode()


def test_the_list_of_people_says_who_is_in_which_group(administrator: Client) -> None:
    person = staff("support", "auditor")
    content = administrator.get(f"/admin/auth/user/?q={person.username}").content.decode()
    assert "auditor, support" in content


def test_schedules_are_told_by_twenty_four_hours(administrator: Client) -> None:
    crontab = CrontabSchedule.objects.create(minute="10", hour="15")
    try:
        content = administrator.get("/admin/django_celery_beat/crontabschedule/").content.decode()
    finally:
        crontab.delete()
    assert "At 15:10 UTC" in content
    assert "PM UTC" not in content


def test_of_an_error_of_the_database_its_first_line_is_told() -> None:
    error = ValueError('relation "fares" does not exist\nLINE 4: from fares\n             ^')
    assert short(error) == 'ValueError: relation "fares" does not exist'
    assert short(ValueError()) == "ValueError: "


def test_pages_of_people_are_called_and_dated_as_everything_else_is(administrator: Client) -> None:
    content = administrator.get("/admin/auth/user/").content.decode()
    assert "Authentication and Authorization" not in content
    assert "Users" not in content
    with override("en"):
        assert (
            date_format(datetime(2026, 11, 3, 21, 5, 7, tzinfo=UTC), "DATETIME_FORMAT")
            == "3 Nov 2026, 21:05:07"
        )


def test_colours_are_chosen_by_buttons(administrator: Client) -> None:
    content = administrator.get("/admin/").content.decode()
    for theme in ("light", "dark", "auto"):
        assert re.search(rf"<button[^>]*switchTheme\('{theme}'\)", content)
