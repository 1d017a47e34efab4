"""Who may see, propose and decide: viewers look, support proposes and approves, a lead approves large ones."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from events.corrections.models import Correction
from farehistory.groups import GROUPS
from tests.events.admin.corrections.screens import PROPOSE, QUEUE, client_of, page_of, said
from tests.events.corrections.desk import contra, events_of, person_in, toll_charged_twice, waiting
from tests.staff import staff

PROPOSERS = {"support", "lead"}


@pytest.fixture
def correction() -> Correction:
    return waiting(contra(toll_charged_twice()))


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_every_group_sees_corrections(correction: Correction, group: str) -> None:
    client = client_of(person_in(group))
    assert client.get(QUEUE).status_code == 200
    page = client.get(page_of(correction))
    assert page.status_code == 200
    assert ("Approve:" in said(page)) == (group in PROPOSERS)
    if group not in PROPOSERS:
        assert "This account may not approve or reject corrections; ask an operator" in said(page)


@pytest.mark.parametrize("group", sorted(set(GROUPS) - PROPOSERS))
def test_who_may_only_look_is_told_what_is_missing(correction: Correction, group: str) -> None:
    client = client_of(person_in(group))
    refused = {
        "events.add_correction": [
            client.get(PROPOSE),
            client.post(PROPOSE, {"booking_id": correction.booking_id, "step": "send"}),
            client.post(f"{page_of(correction)}withdraw/", {"reason": "x"}),
        ],
        "events.approve_correction": [
            client.post(f"{page_of(correction)}approve/", {"seen_version": 3}),
            client.post(f"{page_of(correction)}reject/", {"reason": "x"}),
        ],
    }
    for permission, answers in refused.items():
        for answer in answers:
            assert answer.status_code == 403
            assert permission in said(answer)
    assert events_of(correction) == []


def addresses(correction: Correction) -> list[tuple[str, str, dict[str, Any]]]:
    page = page_of(correction)
    return [
        ("get", QUEUE, {}),
        ("get", page, {}),
        ("get", PROPOSE, {"booking_id": correction.booking_id}),
        ("post", PROPOSE, {"booking_id": correction.booking_id, "step": "send"}),
        ("post", f"{page}approve/", {"seen_version": 3}),
        ("post", f"{page}reject/", {"reason": "x"}),
        ("post", f"{page}withdraw/", {"reason": "x"}),
    ]


def test_staff_in_no_group_sees_nothing_and_is_told_why(correction: Correction) -> None:
    client = client_of(staff())
    for method, address, data in addresses(correction):
        answer = getattr(client, method)(address, data)
        assert answer.status_code == 403
        assert "events.view_correction" in said(answer)


def test_who_is_not_signed_in_or_no_longer_staff_is_sent_to_log_in(correction: Correction) -> None:
    person = person_in("lead")
    former = client_of(person)
    User.objects.filter(pk=person.pk).update(is_staff=False)
    for client in (Client(), former):
        for method, address, data in addresses(correction):
            assert getattr(client, method)(address, data)["Location"].startswith("/admin/login/")


def test_the_menu_has_corrections_and_what_operators_decide_about_them() -> None:
    def menu(group: str) -> str:
        return client_of(person_in(group)).get("/admin/").content.decode()

    assert f'href="{QUEUE}"' in menu("viewer")
    assert "/admin/events/correctionlimit/" not in menu("support")
    for address in ("/admin/events/correctionlimit/", "/admin/events/reasoncode/"):
        assert f'href="{address}"' in menu("operator")
