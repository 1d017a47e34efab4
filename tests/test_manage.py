"""What the caller of a command can mend is said in a sentence, not in a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

NAMES = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "CACHE_URL", "BROKER_URL")
SERVERS = {"DATABASE_URL": "postgres://a:b@127.0.0.1:1/c", "REDIS_URL": "redis://127.0.0.1:1/0"}


def manage(*arguments: str, state: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in NAMES}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env={**inherited, "FAREHISTORY_STATE": str(state), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "command",
    [
        ["check_fares"],
        ["create_api_key", "toll", "--scopes", "ops"],
        ["migrate"],
        ["projections"],
        ["projections", "pause", "archive"],
        ["rebuild", "current_fare"],
        ["rebuild", "current_fare", "--cancel"],
        ["streams"],
        ["archive_ledger"],
    ],
    ids=str,
)
def test_without_services_a_command_says_what_to_start(tmp_path: Path, command: list[str]) -> None:
    ended = manage(*command, state=tmp_path / "state")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "PostgreSQL does not answer" in ended.stderr
    assert "make demo" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"DATABASE_URL": SERVERS["DATABASE_URL"]}, "DATABASE_URL given without REDIS_URL"),
        ({"REDIS_URL": SERVERS["REDIS_URL"]}, "REDIS_URL given without DATABASE_URL"),
        (SERVERS | {"DATABASE_URL": "garbage"}, "DATABASE_URL must look like"),
        (SERVERS | {"MIGRATION_DATABASE_URL": "postgres://nowhere"}, "MIGRATION_DATABASE_URL must look like"),
        ({"FAREHISTORY_SWEEP_SECONDS": "abc"}, "FAREHISTORY_SWEEP_SECONDS is 'abc'"),
        ({"DATABASE_ANSWER_WITHIN": "-1"}, "DATABASE_ANSWER_WITHIN is '-1'"),
        ({"FAREHISTORY_PARTITIONS": "257"}, "FAREHISTORY_PARTITIONS is '257'"),
        ({"FAREHISTORY_CURRENCY_EXPONENTS": '{"IDR": 7}'}, "FAREHISTORY_CURRENCY_EXPONENTS is"),
        ({"FAREHISTORY_CURRENCY_EXPONENTS": "x"}, "FAREHISTORY_CURRENCY_EXPONENTS is"),
    ],
    ids=str,
)
def test_a_setting_that_is_wrong_is_named(tmp_path: Path, environment: dict[str, str], named: str) -> None:
    ended = manage("check_fares", state=tmp_path / "state", **environment)
    assert ended.returncode == 2
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_state_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a file"
    file.write_text("")
    ended = manage("check_fares", state=file / "state")
    assert ended.returncode == 2
    assert "state folder" in ended.stderr
    assert "Traceback" not in ended.stderr
