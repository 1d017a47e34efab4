"""What the caller of a command can mend is said in a sentence, not in a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SETTINGS = "farehistory.settings"
NAMES = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "CACHE_URL", "BROKER_URL")
SERVERS = {"DATABASE_URL": "postgres://a:b@127.0.0.1:1/c", "REDIS_URL": "redis://127.0.0.1:1/0"}

Manage = Callable[[list[str]], tuple[int, str, str]]
"""Runs a command; answers its exit code, and what it wrote to stdout and stderr."""

FORKING = """
import os
import sys

import django
from django.core.checks import run_checks

import manage

django.setup()
run_checks()
for line in sys.stdin:
    folder, *sys.argv[1:] = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if child == 0:
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(f"{folder}/{name}", os.O_CREAT | os.O_WRONLY), number)
        manage.main()
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Has imported everything when it forks: a command costs milliseconds, not two seconds."""


def environment_of(state: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in NAMES}
    return {**inherited, "FAREHISTORY_STATE": str(state)}


@pytest.fixture(scope="module")
def managing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """Runs commands, a process each, on a state folder where nothing was started."""
    with subprocess.Popen(
        [sys.executable, "-c", FORKING],
        env={
            **environment_of(tmp_path_factory.mktemp("manage") / "state"),
            "DJANGO_SETTINGS_MODULE": SETTINGS,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        yield process


@pytest.fixture
def managed(managing: subprocess.Popen[str], tmp_path: Path) -> Manage:
    def run(arguments: list[str]) -> tuple[int, str, str]:
        assert managing.stdin is not None
        assert managing.stdout is not None
        managing.stdin.write("\t".join([str(tmp_path), *arguments]) + "\n")
        code = int(managing.stdout.readline())
        return code, (tmp_path / "stdout").read_text(), (tmp_path / "stderr").read_text()

    return run


def manage(*arguments: str, state: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env={**environment_of(state), **environment},
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
def test_without_services_a_command_says_what_to_start(managed: Manage, command: list[str]) -> None:
    code, out, said = managed(command)
    assert (code, out) == (2, "")
    assert "PostgreSQL does not answer" in said
    assert "make demo" in said
    assert "Traceback" not in said


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


def test_a_command_leaves_the_folder_of_a_running_server_alone(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    ended = manage("diffsettings", state=tmp_path / "state", FAREHISTORY_RUN=str(folder), **SERVERS)
    assert ended.returncode == 0, ended.stderr
    assert not folder.exists()
