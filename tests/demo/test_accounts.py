from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.test import RequestFactory

from events import api_keys
from farehistory.demo.accounts import ensure_accounts
from farehistory.demo.keys import SCOPES_OF, ensure_api_keys

LOG_IN = RequestFactory().post("/admin/login/")
"""Lock-outs are by address, so nobody is let in without a request."""


@pytest.fixture(autouse=True)
def passwords_are_hashed_quickly(settings: Any) -> None:
    """All that are made and tried here are hashed, and hashing is slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def test_each_account_can_sign_in_and_is_in_the_group_of_its_name() -> None:
    passwords = ensure_accounts({})
    assert set(passwords) == {"admin", "viewer", "support", "lead", "operator", "auditor"}
    for name, password in passwords.items():
        user = authenticate(LOG_IN, username=name, password=password)
        assert isinstance(user, User)
        assert user.is_staff
        assert user.is_superuser is (name == "admin")
        assert [group.name for group in user.groups.all()] == ([] if name == "admin" else [name])


def test_passwords_that_still_let_in_are_kept_and_others_replaced() -> None:
    first = ensure_accounts({})
    again = ensure_accounts(first | {"viewer": "no longer the password"})
    assert again["viewer"] not in (first["viewer"], "no longer the password")
    assert {**again, "viewer": ""} == {**first, "viewer": ""}
    assert authenticate(LOG_IN, username="viewer", password=again["viewer"])


def test_each_source_gets_a_key_with_its_scopes() -> None:
    ensure_accounts({})
    keys = ensure_api_keys({})
    assert set(keys) == {"pricing", "toll", "waiting", "promo", "support-desk", "demo"}
    for source, text in keys.items():
        key = api_keys.verify(text)
        assert key is not None
        assert (key.source, tuple(key.scopes)) == (source, SCOPES_OF[source])


def test_keys_in_force_are_kept_and_a_wrong_one_is_replaced() -> None:
    ensure_accounts({})
    first = ensure_api_keys({})
    again = ensure_api_keys(first | {"toll": first["promo"]})
    assert again["toll"] not in (first["toll"], first["promo"])
    assert {**again, "toll": ""} == {**first, "toll": ""}


def test_keys_that_correct_are_bound_to_people() -> None:
    ensure_accounts({})
    for source, text in ensure_api_keys({}).items():
        key = api_keys.verify(text)
        assert key is not None
        person = User.objects.filter(pk=key.user_id).first()
        assert ("fares:correct" in key.scopes) == (person is not None), source
