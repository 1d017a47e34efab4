"""Nobody stays signed in for ever: a session ends when nothing is done, and after a working day in any case."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from farehistory.security.sessions import BEGAN, SEEN
from tests.audits import audit_cannot_be_written
from tests.events.test_audit import last
from tests.projections.admin.pages import text_of
from tests.staff import PASSWORD, signed_in, staff

PAGE = "/admin/projections/currentfare/"
IDLE = 60 * 60
LONG = 12 * 60 * 60


@pytest.fixture
def viewer() -> Client:
    return signed_in("viewer")


def shift(client: Client, *, began: float = 0, seen: float = 0) -> None:
    """As if the session had begun, and somebody last done something, so many seconds ago."""
    session = client.session
    session[BEGAN], session[SEEN] = time.time() - began, time.time() - seen
    session.save()


def is_in(client: Client) -> bool:
    return client.get(PAGE).status_code == 200


def test_who_did_nothing_for_an_hour_is_signed_out_and_told_so(viewer: Client) -> None:
    shift(viewer, began=IDLE + 1, seen=IDLE + 1)
    answer = viewer.get(PAGE)
    assert answer["Location"] == f"/admin/login/?next={PAGE}"
    assert "You were signed out, since nothing was done for 60 minutes." in text_of(
        viewer.get(answer["Location"])
    )
    assert not is_in(viewer)
    assert (last().action, last().details) == ("logged_out", {"reason": "idle"})


def test_who_does_something_stays_in_until_the_day_is_over(viewer: Client) -> None:
    shift(viewer, began=LONG - 60, seen=IDLE - 60)
    assert is_in(viewer)
    assert time.time() - viewer.session[SEEN] < 30
    shift(viewer, began=LONG + 1, seen=1)
    assert "since you had been signed in for long" in text_of(viewer.get(PAGE, follow=True))
    assert last().details == {"reason": "long"}


def test_a_page_that_keeps_itself_up_to_date_does_not_keep_anybody_in() -> None:
    operator, page = signed_in("operator"), "/admin/projections/projectionstate/?live"
    shift(operator, began=IDLE, seen=IDLE - 5)
    before = operator.session[SEEN]
    assert operator.get(page).status_code == 200
    assert operator.session[SEEN] == before
    shift(operator, began=IDLE + 5, seen=IDLE + 5)
    assert operator.get(page).status_code == 302


def test_what_was_sent_after_the_end_is_not_done() -> None:
    operator = signed_in("operator")
    shift(operator, began=IDLE + 1, seen=IDLE + 1)
    answer = operator.post("/admin/projections/projectionstate/current_fare/pause/")
    assert answer["Location"].startswith("/admin/login/")


def test_the_limits_are_settings(viewer: Client, settings: Any) -> None:
    settings.FAREHISTORY_IDLE_SECONDS = 300
    shift(viewer, began=301, seen=301)
    assert "for 5 minutes" in text_of(viewer.get(PAGE, follow=True))


def test_a_session_that_is_over_ends_also_where_that_cannot_be_noted(viewer: Client) -> None:
    shift(viewer, began=IDLE + 1, seen=IDLE + 1)
    with audit_cannot_be_written():
        assert viewer.get(PAGE).status_code == 302
    assert not is_in(viewer)


def test_a_session_from_before_there_were_limits_begins_now(viewer: Client) -> None:
    session = viewer.session
    del session[BEGAN], session[SEEN]
    session.save()
    assert is_in(viewer)
    assert time.time() - viewer.session[BEGAN] < 30


def test_a_page_is_not_a_write_while_somebody_works(viewer: Client) -> None:
    shift(viewer, began=50, seen=50)
    before = viewer.session[SEEN]
    assert is_in(viewer)
    assert viewer.session[SEEN] == before


def test_the_cookie_is_kept_from_scripts_and_ends_with_the_browser() -> None:
    client, person = Client(), staff("viewer")
    client.post("/admin/login/", {"username": person.username, "password": PASSWORD})
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["max-age"] and not cookie["expires"]


def test_a_changed_password_ends_the_sessions_of_other_browsers(viewer: Client) -> None:
    person = User.objects.get(pk=viewer.session["_auth_user_id"])
    person.set_password("another long one")
    person.save()
    assert not is_in(viewer)


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"is_staff": False}], ids=["deactivated", "no-staff"]
)
def test_who_is_let_go_sees_nothing_more_from_the_next_request_on(change: dict[str, bool]) -> None:
    person, client = staff("viewer"), Client()
    client.force_login(person)
    assert client.get(PAGE).status_code == 200
    User.objects.filter(pk=person.pk).update(**change)
    assert client.get(PAGE)["Location"].startswith("/admin/login/")


def test_another_group_means_other_rights_from_the_next_request_on() -> None:
    person, client = staff("viewer"), Client()
    client.force_login(person)
    for groups, fares, audit in (([], 403, 403), (["auditor"], 200, 200), (["viewer"], 200, 403)):
        person.groups.set(Group.objects.filter(name__in=groups))
        assert (client.get(PAGE).status_code, client.get("/admin/events/auditentry/").status_code) == (
            fares,
            audit,
        ), groups
