"""Who may see keys and act on them, and how."""

from __future__ import annotations

import pytest
from django.test import Client

from events import api_keys
from tests.audits import acts_of
from tests.events.admin.keys.words import ADD, KEYS, body_of, form
from tests.staff import signed_in, staff


@pytest.mark.parametrize("group", ["viewer", "support", "lead"])
def test_only_operators_and_auditors_see_keys(group: str) -> None:
    client = signed_in(group)
    key, _ = api_keys.create("pricing", ["fares:read"])
    for page in ("", "add/", f"{key.key_id}/", f"{key.key_id}/rotate/", f"{key.key_id}/revoke/"):
        answer = client.get(KEYS + page)
        assert answer.status_code == 403
        assert "apikey" in body_of(answer)  # which permission is missing
    assert "/admin/events/apikey/" not in body_of(client.get("/admin/"))


def test_an_auditor_looks_and_does_nothing(service: str) -> None:
    client = signed_in("auditor")
    key, text = api_keys.create(service, ["fares:read"])
    for page in (KEYS, f"{KEYS}{key.key_id}/"):
        shown = body_of(client.get(page))
        assert f"{key.key_id}/rotate/" not in shown
        assert f"{key.key_id}/revoke/" not in shown
        assert "apikey/add/" not in shown
    posts = {ADD: form(), f"{KEYS}{key.key_id}/rotate/": {"overlap": "0", "expiry": "never"}}
    for address, typed in {**posts, f"{KEYS}{key.key_id}/revoke/": {}}.items():
        assert client.get(address).status_code == 403
        assert client.post(address, typed).status_code == 403
    assert api_keys.verify(text) == key
    assert acts_of(client) == []


def test_an_act_needs_the_forms_token(service: str) -> None:
    person = staff("operator")
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    key, text = api_keys.create(service, ["fares:read"])
    for page in ("add/", f"{key.key_id}/rotate/", f"{key.key_id}/revoke/"):
        assert client.post(KEYS + page, form()).status_code == 403
    assert api_keys.verify(text) == key


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_there_is_no_other_way_to_change_a_key(operator: Client, method: str) -> None:
    key, text = api_keys.create("pricing", ["fares:read"])
    for page in ("", "add/", f"{key.key_id}/", f"{key.key_id}/rotate/", f"{key.key_id}/revoke/"):
        assert getattr(operator, method)(KEYS + page).status_code == 405
    assert api_keys.verify(text) == key
