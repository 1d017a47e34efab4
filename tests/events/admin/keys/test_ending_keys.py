"""Keys rotated and revoked on their screen: until when the old one works, and what stops."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from events import api_keys
from events.models import ApiKey
from tests.api_client import Api
from tests.audits import acts_of
from tests.events.admin.keys.words import ADD, KEY, KEYS, body_of, shown_key
from tests.projections.admin.pages import messages_of, text_of


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
