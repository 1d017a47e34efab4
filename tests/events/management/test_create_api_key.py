"""manage.py create_api_key: the key alone on standard output, or an error and an exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from events import api_keys
from events.models import ApiKey
from tests.staff import staff


def created(capsys: pytest.CaptureFixture[str], *arguments: str) -> ApiKey:
    call_command("create_api_key", *arguments)
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 1
    key = api_keys.verify(printed.out.rstrip("\n"))
    assert key is not None
    return key


def test_it_prints_a_key_that_opens_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    key = created(capsys, "pricing", "--scopes", "fares:read, fares:append")
    assert (key.source, key.scopes) == ("pricing", ["fares:read", "fares:append"])
    assert (key.name, key.components, key.expires_at, key.rate_limit) == ("", None, None, None)


def test_a_key_may_have_a_name_an_end_and_components(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--name", "night batch", "--expires-in-days", "30", "--components", "toll,waiting_fee"]
    key = created(capsys, "tolls", "--scopes", "fares:append", *options)
    assert (key.name, key.components) == ("night batch", ["toll", "waiting_fee"])
    assert key.expires_at is not None
    assert abs(key.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


def test_a_key_may_have_a_limit_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    key = created(capsys, "tolls", "--scopes", "fares:append", "--rate-limit", "250")
    assert key.rate_limit == 250
    call_command("list_api_keys", "--source", "tolls", "--json")
    limits = {row["key"]: row["rate_limit"] for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert limits[key.key_id] == 250


def test_a_key_may_use_the_rights_of_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    person = staff("support")
    key = created(capsys, "support-desk", "--scopes", "fares:correct", "--user", person.username)
    assert key.user_id == person.pk


@pytest.mark.parametrize(("scopes", "said"), [("fares:read,fares:correct", True), ("fares:read", False)])
def test_it_says_so_if_a_key_for_corrections_has_nobodys_rights(
    capsys: pytest.CaptureFixture[str], scopes: str, said: bool
) -> None:
    call_command("create_api_key", "support-desk", "--scopes", scopes)
    printed = capsys.readouterr()
    assert api_keys.verify(printed.out.rstrip("\n")) is not None
    assert ("without --user" in printed.err) is said


def test_it_uses_nobodys_rights_who_may_not_sign_in(capsys: pytest.CaptureFixture[str]) -> None:
    person = staff("support")
    person.is_active = False
    person.save()
    with pytest.raises(CommandError, match="not the name of an active member of staff"):
        call_command("create_api_key", "support-desk", "--scopes", "fares:correct", "--user", person.username)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["Pricing", "--scopes", "fares:read"],
        ["pricing\n", "--scopes", "fares:read"],
        ["a" * 49, "--scopes", "fares:read"],
        ["pricing", "--scopes", "fares:write"],
        ["pricing", "--scopes", ""],
        ["pricing", "--scopes", ","],
        ["pricing"],
        ["pricing", "--scopes", "ops", "--components", "Toll"],
        ["pricing", "--scopes", "ops", "--components", ""],
        ["pricing", "--scopes", "ops", "--expires-in-days", "0"],
        ["pricing", "--scopes", "ops", "--expires-in-days", "-1"],
        ["pricing", "--scopes", "ops", "--expires-in-days", "99999999999"],
        ["pricing", "--scopes", "ops", "--name", "x" * 101],
        ["pricing", "--scopes", "fares:correct", "--user", "nobody of this name"],
        ["pricing", "--scopes", "fares:correct", "--user", ""],
        ["pricing", "--scopes", "ops", "--rate-limit", "0"],
    ],
)
def test_what_is_wrong_makes_no_key(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("create_api_key", *arguments)
    assert str(refused.value)
    assert capsys.readouterr().out == ""


def test_from_a_shell_only_the_key_is_on_standard_output() -> None:
    good = in_a_shell("pricing", "--scopes", "fares:read")
    assert (good.returncode, good.stdout.count("\n")) == (0, 1)
    assert api_keys.verify(good.stdout.strip()) is not None
    bad = in_a_shell("pricing", "--scopes", "nothing")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "unknown scopes" in bad.stderr


def in_a_shell(*arguments: str) -> subprocess.CompletedProcess[str]:
    manage = Path(settings.BASE_DIR, "manage.py")
    return subprocess.run(
        [sys.executable, manage, "create_api_key", *arguments],
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
