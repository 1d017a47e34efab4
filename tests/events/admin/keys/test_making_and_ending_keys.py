"""Keys made, rotated and revoked on their screen: shown once, noted in the audit, and nothing typed is lost."""

from __future__ import annotations

import json
import logging
import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from events import api_keys, audit
from events.errors import Unavailable
from events.models import ApiKey
from tests.api_client import Api
from tests.audits import acts_of
from tests.projections.admin.pages import messages_of, text_of
from tests.staff import signed_in, staff

KEYS = "/admin/events/apikey/"
ADD = f"{KEYS}add/"
KEY = re.compile(r"fh_[0-9a-f]{16}_[A-Za-z0-9_-]{43}")


@pytest.fixture
def operator() -> Client:
    return signed_in("operator")


@pytest.fixture
def service() -> str:
    return f"svc-{uuid4().hex}"


def form(**typed: Any) -> dict[str, Any]:
    return {
        "key_id": api_keys.new_key_id(),
        "source": "pricing",
        "scopes": ["fares:read"],
        "expiry": "never",
        **typed,
    }


def shown_key(answer: Any) -> str:
    """The key that a page shows."""
    assert answer.status_code == 200, text_of(answer)
    (text,) = set(KEY.findall(answer.content.decode()))
    return text


def body_of(answer: Any) -> str:
    return unescape(answer.content.decode())


# Made


def test_a_key_is_made_with_what_was_asked_for_and_opens_it(operator: Client, service: str) -> None:
    typed = form(
        source=service,
        name="Night batch",
        scopes=["fares:append", "fares:read"],
        components="toll, waiting_fee",
        expiry="30",
    )
    text = shown_key(operator.post(ADD, typed))
    key = api_keys.verify(text)
    assert key is not None
    assert (key.source, key.name, set(key.scopes)) == (service, "Night batch", {"fares:append", "fares:read"})
    assert key.components == ["toll", "waiting_fee"]
    assert key.expires_at is not None
    assert abs(key.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    assert Api(text).get("fares/unknown").status_code == 404


def test_the_key_is_shown_once_and_kept_nowhere(
    operator: Client, service: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = operator.post(ADD, form(source=service))
        text = shown_key(answer)
        secret = text[len("fh_") + 17 :]
        key = ApiKey.objects.get(source=service)
        for page in (KEYS, f"{KEYS}{key.key_id}/", f"{KEYS}{key.key_id}/rotate/"):
            assert secret not in operator.get(page).content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert secret not in str(answer.headers) + str(answer.cookies)
    assert secret not in caplog.text + str([record.__dict__ for record in caplog.records])
    sessions = [session.get_decoded() for session in Session.objects.all()]
    assert secret not in json.dumps(sessions)
    with connection.cursor() as cursor:
        for table in ("ledger.audit_entry", "public.django_admin_log", "public.events_apikey"):
            cursor.execute(f"SELECT coalesce(string_agg(row_to_json(t)::text, ' '), '') FROM {table} AS t")
            assert secret not in cursor.fetchone()[0]


def test_that_a_key_was_made_is_noted_with_its_rights(operator: Client, service: str) -> None:
    operator.post(ADD, form(source=service, name="Night batch", scopes=["fares:append"], components="toll"))
    key = ApiKey.objects.get(source=service)
    details = {
        "key": key.key_id,
        "service": service,
        "name": "Night batch",
        "scopes": ["fares:append"],
        "components": ["toll"],
        "corrects_as": None,
        "expires": "never",
    }
    assert acts_of(operator) == [("key_created", None, details)]


def test_a_form_sent_twice_makes_one_key_and_says_so(operator: Client, service: str) -> None:
    typed = form(source=service, name="Sent twice")
    operator.post(ADD, typed)
    again = operator.post(ADD, typed)
    assert again.status_code == 409
    assert "This form was sent before" in body_of(again)
    assert 'value="Sent twice"' in body_of(again)  # nothing typed is lost
    assert not KEY.search(body_of(again))
    assert ApiKey.objects.filter(source=service).count() == 1
    (fresh,) = re.findall(r'name="key_id" value="([0-9a-f]{16})"', again.content.decode())
    shown_key(operator.post(ADD, {**typed, "key_id": fresh}))
    assert ApiKey.objects.filter(source=service).count() == 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"source": ""}, "Write which service it is for."),
        ({"source": "Pricing"}, "Write a short name such as night-batch"),
        ({"source": "pricing-" + "x" * 48}, "at most 48 characters"),
        ({"scopes": []}, "Choose at least one thing that it may do."),
        ({"scopes": ["fares:write"]}, "fares:write"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "bell\x07"}, "characters that cannot be kept"),
        ({"scopes": ["fares:append"], "components": "Toll"}, "“Toll” is no component"),
        ({"components": "toll"}, "Only a key that may append has these."),
        ({"person": "nobody at all"}, "not the name of an active member of staff"),
        ({"scopes": ["fares:correct"]}, "write in whose name"),
        ({"expiry": "moment"}, "Choose the time."),
        ({"expiry": "moment", "expires_at": "soon"}, "Write a time such as"),
        ({"expiry": "moment", "expires_at": "2020-01-01T00:00:00Z"}, "This time is over"),
        ({"expiry": "moment", "expires_at": "9998-01-01T00:00:00Z"}, "too far away"),
        ({"expiry": "tomorrow"}, "tomorrow"),
        ({"key_id": "x"}, "Open this form anew."),
        ({"name": "\x00"}, "Null characters"),
    ],
)
def test_what_is_wrong_is_said_and_makes_no_key(operator: Client, typed: dict[str, Any], said: str) -> None:
    before = ApiKey.objects.count()
    answer = operator.post(ADD, form(**typed))
    assert answer.status_code == 400
    assert said in body_of(answer)
    assert ApiKey.objects.count() == before
    assert acts_of(operator) == []


def test_nothing_typed_is_lost_on_an_error(operator: Client) -> None:
    typed = form(
        source="Not one",
        name="Night batch",
        scopes=["fares:append", "ops"],
        components="toll, Bad",
        expiry="moment",
        expires_at="2031-05-03T14:05:00Z",
    )
    shown = body_of(operator.post(ADD, typed))
    for kept in ('value="Not one"', 'value="Night batch"', 'value="toll, Bad"', "2031-05-03T14:05:00"):
        assert kept in shown
    assert re.search(r'value="ops"[^>]* checked', shown)
    assert not re.search(r'value="feed:read"[^>]* checked', shown)


def test_an_expiry_may_be_any_time_to_come(operator: Client, service: str) -> None:
    operator.post(ADD, form(source=service, expiry="moment", expires_at="2031-05-03T14:05:00Z"))
    key = ApiKey.objects.get(source=service)
    assert key.expires_at is not None
    assert key.expires_at.isoformat() == "2031-05-03T14:05:00+00:00"


def test_the_form_is_filled_in_for_a_service_or_like_another_key(operator: Client, service: str) -> None:
    assert f'value="{service}"' in body_of(operator.get(f"{ADD}?source={service}"))
    key, _ = api_keys.create(service, ["fares:append"], name="As this", components=["toll"])
    shown = body_of(operator.get(f"{ADD}?like={key.key_id}"))
    for filled in (f'value="{service}"', 'value="As this"', 'value="toll"'):
        assert filled in shown
    assert operator.get(f"{ADD}?like=nobody").status_code == 200


def test_what_cannot_be_noted_is_not_done(
    operator: Client, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise Unavailable("This could not be noted in the audit, so it is not done or shown.")

    key, text = api_keys.create(service, ["fares:read"])
    monkeypatch.setattr(audit, "record", away)
    posts = {ADD: form(source=service), f"{KEYS}{key.key_id}/revoke/": {"reason": "x"}}
    posts[f"{KEYS}{key.key_id}/rotate/"] = {"overlap": "0", "expiry": "never"}
    for address, typed in posts.items():
        answer = operator.post(address, typed)
        assert answer.status_code == 503
        assert "could not be noted" in body_of(answer)
    assert ApiKey.objects.filter(source=service).count() == 1
    assert api_keys.verify(text) == key


# In whose name


def test_a_key_in_ones_own_name_may_be_made(service: str) -> None:
    client = signed_in("operator", "support")
    me = client.session["_auth_user_id"]
    name = type(staff()).objects.get(pk=me).username
    shown_key(client.post(ADD, form(source=service, scopes=["fares:correct"], person=name)))
    assert str(ApiKey.objects.get(source=service).user_id) == me


def test_an_operator_makes_and_gets_no_key_that_corrects_in_somebody_elses_name(
    operator: Client, service: str
) -> None:
    """Else one person could propose in one name and approve in another."""
    other = staff("lead")
    answer = operator.post(ADD, form(source=service, scopes=["fares:correct"], person=other.username))
    assert answer.status_code == 400
    assert "not in somebody else’s" in body_of(answer)
    assert other.username not in text_of(operator.get(ADD))
    key, text = api_keys.create(service, ["fares:correct"], user_id=other.pk)
    rotate = f"{KEYS}{key.key_id}/rotate/"
    assert f"corrects fares in the name of {other.username}" in text_of(operator.get(rotate))
    assert operator.post(rotate, {"overlap": "24", "expiry": "never"}).status_code == 403
    assert ApiKey.objects.filter(source=service).count() == 1
    revoked = operator.post(f"{KEYS}{key.key_id}/revoke/", {})
    assert revoked.status_code == 302
    assert api_keys.verify(text) is None


def test_who_has_the_right_makes_and_rotates_keys_in_anybodys_name(service: str) -> None:
    client, other = signed_in("operator"), staff("lead")
    person = type(other).objects.get(pk=client.session["_auth_user_id"])
    person.user_permissions.add(Permission.objects.get(codename="bind_apikey"))
    typed = form(source=service, scopes=["fares:correct"], person=other.username)
    shown_key(client.post(ADD, typed))
    key = ApiKey.objects.get(source=service)
    shown_key(client.post(f"{KEYS}{key.key_id}/rotate/", {"overlap": "0", "expiry": "never"}))
    assert ApiKey.objects.get(replaces=key).user_id == other.pk
    assert [details["corrects_as"] for _what, _booking, details in acts_of(client)] == [other.username] * 2


# Rotated


def test_a_rotation_shows_the_new_key_once_and_says_until_when_the_old_one_works(
    operator: Client, service: str
) -> None:
    old, old_text = api_keys.create(service, ["fares:read"], name="Night batch")
    rotate = f"{KEYS}{old.key_id}/rotate/"
    assert '<option value="24" selected>' in body_of(operator.get(rotate))
    answer = operator.post(rotate, {"overlap": "24", "expiry": "never"})
    new_text = shown_key(answer)
    assert f"The old key fh_{old.key_id} works until" in text_of(answer)
    new = ApiKey.objects.get(replaces=old)
    old.refresh_from_db()
    assert api_keys.verify(old_text) == old
    assert api_keys.verify(new_text) == new
    assert old.expires_at is not None
    assert abs(old.expires_at - timezone.now() - timedelta(hours=24)) < timedelta(minutes=1)
    ((what, _booking, details),) = acts_of(operator)
    assert what == "key_rotated"
    assert (details["key"], details["new_key"]) == (old.key_id, new.key_id)
    assert details["old_key_works_until"] == f"{old.expires_at:%Y-%m-%d %H:%M:%SZ}"


def test_the_old_key_may_be_refused_at_once_or_from_a_chosen_time_on(operator: Client, service: str) -> None:
    at_once, text = api_keys.create(service, ["fares:read"])
    answer = operator.post(f"{KEYS}{at_once.key_id}/rotate/", {"overlap": "0", "expiry": "never"})
    assert "is refused from now on" in text_of(answer)
    assert api_keys.verify(text) is None
    later, _ = api_keys.create(service, ["fares:read"])
    moment = (timezone.now() + timedelta(days=2)).replace(microsecond=0)
    typed = {"overlap": "moment", "works_until": moment.isoformat(), "expiry": "never"}
    operator.post(f"{KEYS}{later.key_id}/rotate/", typed)
    later.refresh_from_db()
    assert later.expires_at == moment


def test_a_key_that_expires_gets_a_successor_that_lives_as_long(operator: Client, service: str) -> None:
    old, _ = api_keys.create(service, ["fares:read"], expires_at=timezone.now() + timedelta(days=90))
    ApiKey.objects.filter(pk=old.pk).update(
        created_at=timezone.now() - timedelta(days=80), expires_at=timezone.now() + timedelta(days=10)
    )
    rotate = f"{KEYS}{old.key_id}/rotate/"
    assert "In 90 days, as the old one did" in text_of(operator.get(rotate))
    operator.post(rotate, {"overlap": "24", "expiry": "same"})
    new = ApiKey.objects.get(replaces=old)
    assert new.expires_at is not None
    assert abs(new.expires_at - timezone.now() - timedelta(days=90)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"overlap": "moment", "expiry": "never"}, "Choose the time."),
        (
            {"overlap": "moment", "works_until": "2020-01-01T00:00:00Z", "expiry": "never"},
            "This time is over",
        ),
        ({"overlap": "moment", "works_until": "2099-01-01T00:00:00Z", "expiry": "never"}, "at most 90 days"),
        ({"overlap": "24", "expiry": "same"}, "same"),  # the old one never expires
        ({"overlap": "-1", "expiry": "never"}, "-1"),
        ({}, "required"),
    ],
)
def test_a_rotation_that_is_wrong_is_not_done(
    operator: Client, service: str, typed: dict[str, str], said: str
) -> None:
    key, _ = api_keys.create(service, ["fares:read"])
    answer = operator.post(f"{KEYS}{key.key_id}/rotate/", typed)
    assert answer.status_code == 400
    assert said in body_of(answer)
    assert not ApiKey.objects.filter(replaces=key).exists()


def test_a_second_rotation_is_led_to_the_first_ones_successor(operator: Client, service: str) -> None:
    key, _ = api_keys.create(service, ["fares:read"])
    typed = {"overlap": "24", "expiry": "never"}
    operator.post(f"{KEYS}{key.key_id}/rotate/", typed)
    again = operator.post(f"{KEYS}{key.key_id}/rotate/", typed)
    assert again.status_code == 409
    assert "It was rotated already" in body_of(again)
    assert f"fh_{ApiKey.objects.get(replaces=key).key_id}" in body_of(again)
    assert not KEY.search(body_of(again))


def test_what_is_refused_cannot_be_rotated_but_made_anew(operator: Client, service: str) -> None:
    key, _ = api_keys.create(service, ["fares:read"])
    api_keys.revoke(key)
    answer = operator.post(f"{KEYS}{key.key_id}/rotate/", {"overlap": "24", "expiry": "never"})
    assert answer.status_code == 409
    assert "make a new key with the same rights" in body_of(answer)
    assert f"{ADD}?like={key.key_id}" in body_of(answer)


# Revoked


def test_the_confirmation_names_what_stops_and_what_goes_on(operator: Client, service: str) -> None:
    key, _ = api_keys.create(service, ["fares:append"], name="Night batch", components=["toll"])
    revoke = f"{KEYS}{key.key_id}/revoke/"
    shown = text_of(operator.get(revoke))
    assert f"This stops working at once for {service}" in shown
    assert "Append fare events" in shown and "Only the components toll" in shown
    assert f"{service} has no other key" in shown
    assert api_keys.is_in_force(ApiKey.objects.get(pk=key.pk), timezone.now())  # to look does nothing
    other, _ = api_keys.create(service, ["fares:read"])
    shown = text_of(operator.get(revoke))
    assert f"{service} still has: fh_{other.key_id}" in shown
    assert "has no other key" not in shown


def test_a_revoked_key_is_refused_on_the_next_request_and_noted(operator: Client, service: str) -> None:
    key, text = api_keys.create(service, ["fares:read"])
    assert Api(text).get("fares/unknown").status_code == 404
    answer = operator.post(f"{KEYS}{key.key_id}/revoke/", {"reason": "It was in a chat."})
    assert answer["Location"] == f"{KEYS}{key.key_id}/"
    assert messages_of(answer) == [f"fh_{key.key_id} of {service} is revoked, and refused from now on."]
    assert Api(text).get("fares/unknown").status_code == 401
    details = {"key": key.key_id, "service": service, "name": "", "reason": "It was in a chat."}
    assert acts_of(operator) == [("key_revoked", None, details)]
    again = operator.post(f"{KEYS}{key.key_id}/revoke/", {})
    assert messages_of(again)[-1] == f"fh_{key.key_id} of {service} had been revoked before."
    assert len(acts_of(operator)) == 1
    assert "It was revoked before" in text_of(operator.get(f"{KEYS}{key.key_id}/revoke/"))


def test_a_reason_that_is_too_long_is_not_lost(operator: Client, service: str) -> None:
    key, text = api_keys.create(service, ["fares:read"])
    answer = operator.post(f"{KEYS}{key.key_id}/revoke/", {"reason": "x" * 301})
    assert answer.status_code == 400
    assert "x" * 301 in body_of(answer)
    assert api_keys.verify(text) == key


# Who may


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
