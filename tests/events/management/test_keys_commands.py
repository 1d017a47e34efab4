"""manage.py rotate_api_key, revoke_api_key and list_api_keys, and what all of these note in the audit."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from events import api_keys
from events.models import ApiKey, AuditEntry


@pytest.fixture
def service() -> str:
    return f"svc-{uuid4().hex}"


def entries_about(key: ApiKey) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(details__key=key.key_id).order_by("pk"))


def test_a_rotation_prints_the_new_key_alone(capsys: pytest.CaptureFixture[str], service: str) -> None:
    old, old_text = api_keys.create(service, ["fares:read"], components=["toll"])
    call_command("rotate_api_key", f"fh_{old.key_id}", "--overlap-hours", "2", "--expires-in-days", "30")
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 1
    new = api_keys.verify(printed.out.rstrip("\n"))
    assert new is not None
    assert (new.source, new.components, new.replaces) == (service, ["toll"], old)
    assert api_keys.verify(old_text) == old
    old.refresh_from_db()
    assert old.expires_at is not None
    assert abs(old.expires_at - timezone.now() - timedelta(hours=2)) < timedelta(minutes=1)
    assert f"{old.key_id} is refused from {old.expires_at:%Y-%m-%d %H:%M:%S} UTC on." in printed.err
    (entry,) = entries_about(old)
    assert (entry.action, entry.details["new_key"]) == ("key_rotated", new.key_id)
    assert entry.details["by_command_of"]


@pytest.mark.parametrize(
    "options",
    [
        ["--overlap-hours", "-1"],
        ["--overlap-hours", "2161"],
        ["--expires-in-days", "0"],
    ],
    ids=" ".join,
)
def test_a_rotation_out_of_bounds_is_refused(
    capsys: pytest.CaptureFixture[str], service: str, options: list[str]
) -> None:
    key, _ = api_keys.create(service, ["fares:read"])
    with pytest.raises(CommandError):
        call_command("rotate_api_key", key.key_id, *options)
    assert capsys.readouterr().out == ""
    assert not ApiKey.objects.filter(replaces=key).exists()


def test_a_second_rotation_names_the_successor(service: str) -> None:
    key, _ = api_keys.create(service, ["fares:read"])
    new, _ = api_keys.rotate(key)
    with pytest.raises(CommandError, match=new.key_id):
        call_command("rotate_api_key", key.key_id)


def test_revoking_says_whether_it_did(capsys: pytest.CaptureFixture[str], service: str) -> None:
    key, text = api_keys.create(service, ["fares:read"])
    call_command("revoke_api_key", key.key_id, "--reason", "lost")
    assert capsys.readouterr().out == f"{key.key_id} of {service} is revoked.\n"
    assert api_keys.verify(text) is None
    call_command("revoke_api_key", key.key_id)
    assert "had been revoked before" in capsys.readouterr().out
    (entry,) = entries_about(key)
    assert (entry.action, entry.details["reason"]) == ("key_revoked", "lost")


def test_a_key_made_by_command_is_noted_without_its_text(
    capsys: pytest.CaptureFixture[str], service: str
) -> None:
    call_command("create_api_key", service, "--scopes", "fares:read")
    text = capsys.readouterr().out.strip()
    key = ApiKey.objects.get(source=service)
    (entry,) = entries_about(key)
    assert (entry.action, entry.user_name, entry.details["service"]) == ("key_created", "", service)
    assert text[20:] not in json.dumps(entry.details)


@pytest.mark.parametrize("command", ["rotate_api_key", "revoke_api_key"])
def test_a_whole_key_given_by_mistake_is_not_repeated(command: str, service: str) -> None:
    _, text = api_keys.create(service, ["fares:read"])
    with pytest.raises(CommandError) as refused:
        call_command(command, text)
    assert text[20:] not in str(refused.value)


def test_keys_are_listed_with_their_state(capsys: pytest.CaptureFixture[str], service: str) -> None:
    key, text = api_keys.create(service, ["fares:read", "fares:append"], name="Night", components=["toll"])
    new, _ = api_keys.rotate(key)
    gone, _ = api_keys.create(service, ["ops"])
    api_keys.revoke(gone)

    def listed(*options: str) -> str:
        call_command("list_api_keys", "--source", service, *options)
        return capsys.readouterr().out

    in_force = listed()
    assert key.key_id in in_force and new.key_id in in_force and gone.key_id not in in_force
    assert "fares:read,fares:append" in in_force
    assert text[20:] not in in_force
    rows = {row["key"]: row for row in map(json.loads, listed("--state", "all", "--json").splitlines())}
    assert {key_id: row["state"] for key_id, row in rows.items()} == {
        key.key_id: "rotated",
        new.key_id: "active",
        gone.key_id: "revoked",
    }
    assert rows[key.key_id]["successor"] == new.key_id
    assert listed("--state", "expired") == "No key.\n"
