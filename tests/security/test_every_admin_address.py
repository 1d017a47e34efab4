"""Every address of the back office, asked as every group, as nobody, and as an administrator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from events import history
from events.models import FareEvent
from farehistory.groups import GROUPS
from tests.security.admin_addresses import EXPECTED, Expected, app_lists, routes
from tests.staff import signed_in, staff

NO_PAGES = {
    "events.view_fareevent",
    "events.approve_large_correction",
    "events.export_metadata",
    "projections.view_driftwalk",
}
"""Permissions of groups that no page asks for by itself: what they allow is tested where it is done."""

WRITES = re.compile(
    r"\b(INSERT INTO|DELETE FROM|UPDATE\s+\S+\s+SET|(?:TRUNCATE|ALTER|CREATE|DROP|MERGE)\s)", re.IGNORECASE
)
COMMENT = re.compile(r"--[^\n]*")
MAY_BE_WRITTEN = ("django_session", "ledger.audit_entry")
"""By looking alone: when somebody was last seen, and that they looked."""


def administrator() -> Client:
    person = staff()
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    client = Client()
    client.force_login(User.objects.get(pk=person.pk))
    return client


def client_of(group: str | None) -> Client:
    return signed_in(group) if group else signed_in()


def test_every_address_is_in_the_table_and_none_that_there_is_not() -> None:
    assert set(EXPECTED) == set(routes())


def test_every_right_that_a_group_has_is_asked_for_somewhere() -> None:
    granted = frozenset().union(*GROUPS.values())
    asked = {name for expected in EXPECTED.values() for name in expected.names}
    asked |= {"events.approve_correction"}
    assert granted - asked - NO_PAGES == set()


@pytest.mark.parametrize("group", [None, *sorted(GROUPS)])
def test_a_group_sees_what_it_has_a_right_to_and_nothing_else(
    group: str | None, addresses: dict[str, str]
) -> None:
    client, permissions = client_of(group), GROUPS.get(group or "", frozenset())
    wrong = {}
    for route, expected in EXPECTED.items():
        wanted = expected.get if expected.see(permissions) else 403
        answer = client.get(addresses[route])
        if answer.status_code != wanted:
            wrong[addresses[route]] = (answer.status_code, wanted)
    assert wrong == {}


@pytest.mark.parametrize("group", [None, *sorted(GROUPS)])
def test_a_group_does_what_it_has_a_right_to_and_nothing_else(
    group: str | None, addresses: dict[str, str]
) -> None:
    permissions = GROUPS.get(group or "", frozenset())
    client, wrong = client_of(group), {}
    for route, expected in EXPECTED.items():
        if route == "admin/logout/":
            client = client_of(group)
        answer = client.post(addresses[route], expected.sends)
        wanted = expected.post if expected.act(permissions) else (403, 405)
        if route == "admin/logout/":
            client = client_of(group)
        if answer.status_code not in wanted:
            wrong[addresses[route]] = (answer.status_code, wanted)
    assert wrong == {}


def test_a_stranger_is_sent_to_log_in_everywhere(addresses: dict[str, str]) -> None:
    client = Client()
    for route, address in addresses.items():
        if route == "admin/login/":
            assert client.get(address).status_code == 200
            continue
        for method in (client.get, client.post):
            answer = method(address)
            assert answer.status_code == 302, address
            # Who logs out without being signed in is shown the start, and there the log-in.
            wanted = "/admin/" if route == "admin/logout/" else "/admin/login/?next="
            assert answer["Location"].startswith(wanted), address


def test_who_is_no_staff_is_sent_to_log_in_whatever_groups_they_are_in(addresses: dict[str, str]) -> None:
    person = staff(*GROUPS)
    User.objects.filter(pk=person.pk).update(is_staff=False)
    client = Client()
    client.force_login(User.objects.get(pk=person.pk))
    for route, address in addresses.items():
        if route not in ("admin/login/", "admin/logout/"):
            assert client.get(address)["Location"].startswith("/admin/login/?next="), address


@pytest.mark.parametrize("group", [None, *sorted(GROUPS)])
def test_the_list_of_an_apps_models_is_there_for_who_may_see_one(group: str | None) -> None:
    client = client_of(group)
    for address in app_lists():
        assert client.get(address).status_code in (200, 404), address


def test_the_palette_finds_no_fare_for_who_may_see_none(booking: str) -> None:
    found, not_found = (
        client_of(group).get("/admin/search/", {"s": booking, "extended": "1"}).content.decode()
        for group in ("viewer", None)
    )
    assert f"{booking}/change/" in found
    assert f"{booking}/change/" not in not_found


@pytest.mark.parametrize("method", ["get", pytest.param("head", marks=pytest.mark.long)])
def test_an_administrator_meets_no_error_anywhere_and_looking_changes_nothing(
    addresses: dict[str, str], method: str
) -> None:
    client = administrator()
    for route, expected in EXPECTED.items():
        with written() as statements:
            answer = getattr(client, method)(addresses[route])
        if method == "get":
            assert answer.status_code in (expected.get, 403), route
        assert statements == [], route


@contextmanager
def written() -> Iterator[list[str]]:
    """The statements that wrote something else than who was seen where."""
    found: list[str] = []

    def look(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        if WRITES.search(COMMENT.sub("", sql)) and not any(
            table in sql.replace('"', "") for table in MAY_BE_WRITTEN
        ):
            found.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield found


def test_no_page_of_the_back_office_is_about_single_fare_events_as_rows() -> None:
    """Nor does any ready page have them among others, or an action on them."""
    assert FareEvent not in admin.site._registry
    for model_admin in admin.site._registry.values():
        assert FareEvent not in {inline.model for inline in model_admin.inlines}


@pytest.mark.parametrize(
    "method", ["post", *(pytest.param(name, marks=pytest.mark.long) for name in ("put", "patch", "delete"))]
)
def test_whatever_is_sent_wherever_no_fare_event_changes(
    addresses: dict[str, str], booking: str, method: str
) -> None:
    client = administrator()
    before = history.events_of(booking)
    forged = {
        "amount": "1.00",
        "amount_minor": "100",
        "fare": "1.00",
        "fare_minor": "100",
        "component": "base_fare",
        "booking_id": booking,
        "version": "1",
        "form-TOTAL_FORMS": "1",
        "form-INITIAL_FORMS": "1",
        "_save": "1",
    }
    for route, expected in EXPECTED.items():
        data = {**forged, **expected.sends}
        body = data if method == "post" else str(data)
        assert getattr(client, method)(addresses[route], body).status_code < 500, route
        if route == "admin/logout/":
            client = administrator()
    assert history.events_of(booking) == before


def test_an_expectation_says_who_may_do_what() -> None:
    """The table itself: a page that is only read is one that nobody posts to."""
    anything = frozenset().union(*GROUPS.values())
    read = [
        expected for expected in EXPECTED.values() if isinstance(expected, Expected) and expected.get == 405
    ]
    assert all(expected.see(anything) for expected in read)
