"""Who may see the operators' pages, and who may act there; that nothing acts but a POST from our own pages."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from projections.models import Rebuild
from tests.audits import acts_of
from tests.projections.admin.pages import DRIFT, PROJECTIONS, REBUILDS, REPAIRS, SET_ASIDE
from tests.staff import signed_in, staff

NAME = "current_fare"
NO_RUN = UUID(int=1)
READ = [
    PROJECTIONS,
    f"{PROJECTIONS}?live",
    f"{PROJECTIONS}{NAME}/",
    SET_ASIDE,
    DRIFT,
    REBUILDS,
    REPAIRS,
]
ACTS = {
    f"{PROJECTIONS}{NAME}/pause/": "projections.change_projectionstate",
    f"{PROJECTIONS}{NAME}/resume/": "projections.change_projectionstate",
    f"{SET_ASIDE}retry/": "projections.retry_setaside",
    f"{DRIFT}put-right/": "projections.change_drift",
    f"{REBUILDS}{NO_RUN}/accept/": "projections.change_rebuild",
    f"{REBUILDS}{NO_RUN}/cancel/": "projections.change_rebuild",
}
START = f"{REBUILDS}of/{NAME}/"


@pytest.mark.parametrize("group", ["operator", "auditor"])
def test_operators_and_auditors_may_look(group: str) -> None:
    client = signed_in(group)
    for page in READ:
        assert client.get(page).status_code == 200


@pytest.mark.parametrize("group", ["viewer", "support", "lead"])
def test_others_are_told_which_permission_is_missing(group: str) -> None:
    client = signed_in(group)
    for page in READ:
        answer = client.get(page)
        assert answer.status_code == 403
        assert b"projections.view_" in answer.content


@pytest.mark.parametrize("group", ["viewer", "support", "lead", "auditor"])
def test_only_operators_may_act(group: str) -> None:
    client = signed_in(group)
    for act, permission in {**ACTS, START: "projections.add_rebuild"}.items():
        answer = client.post(act)
        assert answer.status_code == 403
        assert permission.encode() in answer.content
    assert acts_of(client) == []


def test_an_auditor_is_offered_no_buttons() -> None:
    content = signed_in("auditor").get(PROJECTIONS).content.decode()
    assert "/pause/" not in content
    assert "/rebuild/of/" not in content


@pytest.mark.parametrize("act", [*ACTS])
def test_looking_at_an_act_does_nothing(operator: Client, act: str) -> None:
    assert operator.get(act).status_code == 405


@pytest.mark.parametrize("act", [*ACTS, START])
def test_an_act_needs_the_token_of_our_own_page(act: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff("operator"))
    assert client.post(act).status_code == 403


def test_a_stranger_is_sent_to_log_in() -> None:
    for page in [*READ, START]:
        assert Client().get(page)["Location"].startswith("/admin/login/?next=")
    for act in ACTS:
        assert Client().post(act)["Location"].startswith("/admin/login/?next=")


@pytest.mark.parametrize(
    "address",
    [
        f"{PROJECTIONS}nothing/",
        f"{REBUILDS}of/nothing/",
        f"{REBUILDS}{NO_RUN}/",
        f"{REPAIRS}{NO_RUN}/",
        f"{PROJECTIONS}add/",
        f"{DRIFT}add/",
        f"{DRIFT}1/change/",
    ],
)
def test_there_is_no_page_of_what_there_is_not(operator: Client, address: str) -> None:
    assert operator.get(address).status_code == 404


def test_looking_at_the_form_starts_nothing(operator: Client) -> None:
    before = Rebuild.objects.filter(projection="booking_search").count()
    assert operator.get(f"{REBUILDS}of/booking_search/").status_code == 200
    assert Rebuild.objects.filter(projection="booking_search").count() == before


def test_the_menu_leads_operators_there(operator: Client, viewer: Client) -> None:
    assert f'href="{PROJECTIONS}"'.encode() in operator.get("/admin/").content
    assert PROJECTIONS.encode() not in viewer.get("/admin/").content
