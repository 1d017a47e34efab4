"""Who may see fares in the admin, and that nobody can change anything there."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from events import history
from farehistory.groups import GROUPS, ensure_groups
from projections.admin.fares import fare_url
from tests.builders import given, set_
from tests.staff import PASSWORD, signed_in, staff

SEARCH = "/admin/projections/currentfare/"


def pages(booking: str) -> list[str]:
    return [SEARCH, fare_url(booking), f"{SEARCH}{booking}/events/1/metadata/"]


def test_a_stranger_is_sent_to_log_in_and_from_there_to_the_page() -> None:
    booking, client, person = given(set_("14.00")), Client(), staff("viewer")
    for page in pages(booking):
        assert client.get(page)["Location"] == f"/admin/login/?next={page}"
    form = {"username": person.username, "password": PASSWORD}
    answer = client.post(f"/admin/login/?next={fare_url(booking)}", form)
    assert (answer.status_code, answer["Location"]) == (302, fare_url(booking))


def test_a_person_who_is_not_staff_is_sent_to_log_in() -> None:
    client = Client()
    person = staff("viewer")
    User.objects.filter(pk=person.pk).update(is_staff=False)
    client.force_login(User.objects.get(pk=person.pk))
    for page in pages(given(set_("14.00"))):
        assert client.get(page)["Location"] == f"/admin/login/?next={page}"


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_every_group_may_see_fares(group: str) -> None:
    client = signed_in(group)
    for page in pages(given(set_("14.00"))):
        assert client.get(page).status_code == 200


def test_staff_in_no_group_is_told_which_permission_is_missing() -> None:
    client = signed_in()
    for page in pages(given(set_("14.00"))):
        answer = client.get(page)
        assert answer.status_code == 403
        assert b"projections.view_currentfare" in answer.content


def test_staff_in_no_group_sees_a_start_page_without_a_search() -> None:
    content = signed_in().get("/admin/").content.decode()
    assert "may not see anything yet" in content
    assert 'name="q"' not in content


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_but_reading_is_answered_even_to_an_administrator(method: str) -> None:
    booking, client = given(set_("14.00")), Client()
    person = staff()
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    client.force_login(User.objects.get(pk=person.pk))
    for page in pages(booking):
        assert getattr(client, method)(page, {"fare_minor": 1, "_save": "1"}).status_code == 405
    head = history.head_of(booking)
    assert head is not None
    assert head.version == 1


@pytest.mark.parametrize("address", ["add/", "{}/delete/", "{}/history/", "{}/"])
def test_there_is_no_page_to_add_change_or_delete(viewer: Client, address: str) -> None:
    assert viewer.get(SEARCH + address.format(given(set_("14.00")))).status_code == 404


def test_making_the_groups_again_changes_nothing_and_keeps_what_was_added_by_hand() -> None:
    viewers = Group.objects.get(name="viewer")
    added = Permission.objects.get(content_type__app_label="auth", codename="view_user")
    viewers.permissions.add(added)
    before = set(viewers.permissions.all())
    ensure_groups()
    assert set(viewers.permissions.all()) == before
    viewers.permissions.remove(added)


def test_support_may_all_that_a_viewer_may_and_a_lead_all_that_support_may() -> None:
    assert GROUPS["viewer"] <= GROUPS["support"] <= GROUPS["lead"]
    assert all(GROUPS["viewer"] <= permissions for permissions in GROUPS.values())
