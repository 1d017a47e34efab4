"""No process serves a ledger whose rules are not in force."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.builders import connected

PROCESSES = {
    "web": ["granian", "--interface", "wsgi", "--port", "0", "farehistory.wsgi:application"],
    "worker": ["celery", "-A", "farehistory", "worker", "--without-gossip", "--without-mingle"],
    "beat": ["celery", "-A", "farehistory", "beat", "--pidfile", ""],
}


@pytest.fixture
def weakened() -> Iterator[None]:
    with connected("owner") as owner:
        owner.execute("ALTER TABLE ledger.fare_event DISABLE TRIGGER rows_stay")
        yield
        owner.execute("ALTER TABLE ledger.fare_event ENABLE ALWAYS TRIGGER rows_stay")


@pytest.mark.parametrize("process", PROCESSES.values(), ids=PROCESSES)
def test_a_process_refuses_to_start_and_says_why(weakened: None, process: list[str]) -> None:
    ended = subprocess.run([sys.executable, "-m", *process], capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    assert "the trigger rows_stay of ledger.fare_event is missing" in ended.stdout + ended.stderr


def test_an_import_refuses_too(weakened: None) -> None:
    command = [sys.executable, "manage.py", "import_fares", "--format", "jsonl", "-"]
    ended = subprocess.run(command, input="", capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "the trigger rows_stay of ledger.fare_event is missing" in ended.stderr


def test_web_starts_without_a_warning_and_has_loaded_its_views_before_it_serves() -> None:
    """Nothing needs to have been collected for it: static files are served from where they lie. And the first request
    of each process would load the views, for seconds on a busy machine, and a stop would wait for it."""
    look = "import farehistory.wsgi, sys; sys.exit('events.api.feed' not in sys.modules)"
    command = [sys.executable, "-W", "error::UserWarning", "-c", look]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
