"""Keys made on their screen: shown once, noted in the audit, and nothing typed is lost."""

from __future__ import annotations

import json
import logging
import re
from datetime import timedelta
from typing import Any

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
from tests.events.admin.keys.words import ADD, KEY, KEYS, body_of, form, shown_key
from tests.projections.admin.pages import text_of
from tests.staff import signed_in, staff


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
        "rate_limit": "default",
        "expires": "never",
    }
    assert acts_of(operator) == [("key_created", None, details)]


def test_a_key_may_have_a_limit_of_its_own(operator: Client, service: str) -> None:
    key = api_keys.verify(shown_key(operator.post(ADD, form(source=service, rate_limit="250"))))
    assert key is not None and key.rate_limit == 250
    assert "250 requests in 10 seconds" in text_of(operator.get(f"{KEYS}{key.key_id}/"))
    assert 'value="250"' in body_of(operator.get(f"{ADD}?like={key.key_id}"))
    usual = api_keys.verify(shown_key(operator.post(ADD, form(source=service))))
    assert usual is not None and usual.rate_limit is None
    assert "10,000 requests in 10 seconds as all keys" in text_of(operator.get(f"{KEYS}{usual.key_id}/"))


@pytest.mark.parametrize("limit", ["0", "-5", "1000001", "many", "1.5"])
def test_a_limit_that_is_none_is_refused_and_stays_typed(operator: Client, service: str, limit: str) -> None:
    answer = operator.post(ADD, form(source=service, rate_limit=limit))
    assert answer.status_code == 400
    assert f'value="{limit}"' in body_of(answer)
    assert not ApiKey.objects.filter(source=service).exists()


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
        ({"components": "toll"}, "Only a key that may append or correct has these."),
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


def test_a_key_in_ones_own_name_may_be_made(service: str) -> None:
    client = signed_in("operator", "support")
    me = client.session["_auth_user_id"]
    name = type(staff()).objects.get(pk=me).username
    shown_key(client.post(ADD, form(source=service, scopes=["fares:correct"], person=name)))
    assert str(ApiKey.objects.get(source=service).user_id) == me


def test_a_key_that_could_correct_nothing_is_refused(operator: Client, service: str) -> None:
    me = type(staff()).objects.get(pk=operator.session["_auth_user_id"])
    answer = operator.post(ADD, form(source=service, scopes=["fares:correct"], person=me.username))
    assert answer.status_code == 400
    assert f"{me.username} may neither propose nor decide corrections" in body_of(answer)
    assert not ApiKey.objects.filter(source=service).exists()


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
