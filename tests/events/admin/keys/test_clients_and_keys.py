"""The screen of clients and keys: who calls the API, with which keys, in which state."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from events import api_keys
from events.admin.keys import list_page
from events.models import ApiKey
from tests.projections.admin.pages import text_of
from tests.staff import signed_in, staff

KEYS = "/admin/events/apikey/"


@pytest.fixture(scope="module")
def operator() -> Client:
    return signed_in("operator")


@pytest.fixture
def service() -> str:
    """A service that nobody has heard of."""
    return f"svc-{uuid4().hex}"


def test_a_service_is_listed_with_what_each_of_its_keys_may_do(operator: Client, service: str) -> None:
    person = staff("support")
    key, text = api_keys.create(
        service,
        ["fares:correct", "fares:append"],
        name="Night batch",
        components=["toll", "waiting_fee"],
        user_id=person.pk,
    )
    shown = text_of(operator.get(f"{KEYS}?service={service}"))
    assert "Night batch" in shown
    assert f"fh_{key.key_id}" in shown
    assert "Append fare events only toll, waiting_fee" in shown
    assert f"Propose and decide corrections only toll, waiting_fee as {person.username}" in shown
    assert "1 key in force, never used" in shown
    assert text not in shown


def test_who_may_not_sign_in_any_more_is_pointed_out(operator: Client, service: str) -> None:
    person = staff("support")
    api_keys.create(service, ["fares:correct"], user_id=person.pk)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert "who may not sign in" in text_of(operator.get(f"{KEYS}?service={service}"))


def test_keys_are_found_by_their_state_and_counted(operator: Client, service: str) -> None:
    now = timezone.now()
    names = {"active": None, "expiring": now + timedelta(days=3), "expired": now + timedelta(days=1)}
    made = {
        state: api_keys.create(service, ["fares:read"], name=f"the {state} one", expires_at=at)[0]
        for state, at in names.items()
    }
    ApiKey.objects.filter(pk=made["expired"].pk).update(expires_at=now - timedelta(days=1))
    rotated, _ = api_keys.create(service, ["fares:read"], name="the rotated one")
    successor, _ = api_keys.rotate(rotated)
    ApiKey.objects.filter(pk=successor.pk).update(name="the successor")
    revoked, _ = api_keys.create(service, ["fares:read"], name="the revoked one")
    api_keys.revoke(revoked)

    def shown(state: str) -> set[str]:
        answer = operator.get(f"{KEYS}?service={service}&state={state}")
        text, choices = text_of(answer), [choice.words for choice in answer.context["page"].choices]
        counted = [
            "In force 4",
            "Active 2",
            "Expiring soon 1",
            "Rotated 1",
            "Expired 1",
            "Revoked 1",
            "All 6",
        ]
        assert choices == counted  # whatever is chosen
        words = ("active", "expiring", "rotated", "expired", "revoked")
        return {word for word in words if f"the {word} one" in text}

    assert shown("") == {"active", "expiring", "rotated"}
    for state in ("active", "expiring", "rotated", "expired", "revoked"):
        assert shown(state) == {state}
    assert shown("all") == {"active", "expiring", "rotated", "expired", "revoked"}
    assert shown("nonsense") == {"active", "expiring", "rotated"}


def test_nothing_found_says_so_and_leads_on(operator: Client, service: str) -> None:
    assert "“nobody” has no key" in text_of(operator.get(f"{KEYS}?service=nobody"))
    api_keys.create(service, ["fares:read"])
    answer = operator.get(f"{KEYS}?service={service}&state=revoked")
    assert "No key is in the state that you chose" in text_of(answer)
    assert f"?service={service}&amp;state=all".encode() in answer.content


def test_where_no_key_was_ever_made_it_says_what_one_is_for(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_page.ListPage, "_asked", ApiKey.objects.none())
    assert "No key was made yet" in text_of(operator.get(KEYS))


def test_a_long_list_is_read_in_pages_without_a_gap(
    operator: Client, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_page, "PAGE", 2)
    ids = [api_keys.create(service, ["fares:read"])[0].key_id for _number in range(5)]
    seen, address = [], f"{KEYS}?service={service}"
    for _page in range(3):
        answer = operator.get(address)
        seen += [key_id for key_id in reversed(ids) if f"fh_{key_id}" in text_of(answer)]
        page = answer.context["page"]
        address = KEYS + page.next_query
    assert seen == ids[::-1]
    assert page.next_query == ""
    assert page.first_query == f"?service={service}"


def test_a_list_costs_the_same_queries_however_many_keys(
    operator: Client, service: str, django_assert_max_num_queries: object
) -> None:
    person = staff("support")
    for _number in range(20):
        key, _ = api_keys.create(service, ["fares:correct"], user_id=person.pk)
        api_keys.rotate(key)
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        assert operator.get(f"{KEYS}?service={service}").status_code == 200


def test_what_is_no_place_in_the_list_begins_at_its_start(operator: Client, service: str) -> None:
    key, _ = api_keys.create(service, ["fares:read"])
    for after in ("x", "-1", "9" * 30, "0"):
        assert key.key_id in text_of(operator.get(f"{KEYS}?service={service}&after={after}"))


def test_the_page_of_a_key_tells_what_became_of_it(operator: Client, service: str) -> None:
    old, _ = api_keys.create(service, ["fares:read"], expires_at=timezone.now() + timedelta(days=3))
    assert "It expires soon" in text_of(operator.get(f"{KEYS}{old.key_id}/"))
    new, _ = api_keys.rotate(old)
    shown = text_of(operator.get(f"{KEYS}{old.key_id}/"))
    assert "It was rotated, and works beside its successor" in shown
    assert f"fh_{new.key_id}" in shown
    shown = text_of(operator.get(f"{KEYS}{new.key_id}/"))
    assert "Made in place of" in shown and f"fh_{old.key_id}" in shown
    api_keys.revoke(old)
    assert "What it could do" in text_of(operator.get(f"{KEYS}{old.key_id}/"))


@pytest.mark.parametrize("key_id", ["0000000000000000", "nobody", "delete"])
def test_a_key_that_there_is_not_is_not_found(operator: Client, key_id: str) -> None:
    for page in ("", "rotate/", "revoke/"):
        assert operator.get(f"{KEYS}{key_id}/{page}").status_code == 404


def test_when_a_revoked_key_would_have_expired_is_not_told(operator: Client, service: str) -> None:
    key, _ = api_keys.create(service, ["fares:read"], expires_at=timezone.now() + timedelta(days=3, hours=1))
    listed = {"service": service, "state": "all"}
    assert "3 days left" in text_of(operator.get(KEYS, listed))
    api_keys.revoke(key)
    assert "days left" not in text_of(operator.get(KEYS, listed))
