"""The command as a process of its own: how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.events.importing.builders import csv_file, green

CHECKOUT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "manage.py", "import_fares", "--format", "tlc"]


def test_a_second_ctrl_c_ends_it_at_once_without_a_traceback(tmp_path: Path) -> None:
    report, told = tmp_path / "report.jsonl", tmp_path / "told"
    content = csv_file(tmp_path, [green()]).read_bytes()
    with told.open("wb") as error:
        command = subprocess.Popen(
            [*COMMAND, "--report", str(report), "-"], cwd=CHECKOUT, stdin=subprocess.PIPE, stderr=error
        )
    assert command.stdin is not None
    with command.stdin as rows:  # stays open: the command waits for more
        rows.write(content)
        rows.flush()
        wait_until(report.exists)
        time.sleep(0.5)  # from the report to the reading, where Ctrl-C is listened to
        command.send_signal(signal.SIGINT)
        wait_until(lambda: "stopping after this batch" in told.read_text())
        command.send_signal(signal.SIGINT)
        assert command.wait(timeout=60) == 130
    assert told.read_text().splitlines()[1:] == [
        "stopping after this batch …",
        "ended at once. Run the import again: what is in already is not repeated.",
    ]


def test_without_a_database_it_says_how_to_get_one(tmp_path: Path) -> None:
    given = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    run = subprocess.run(
        [*COMMAND, str(csv_file(tmp_path, [green()]))],
        cwd=CHECKOUT,
        env=given | {"FAREHISTORY_STATE": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert "PostgreSQL does not answer" in run.stderr
    assert "Start `make demo` with the same FAREHISTORY_STATE, or set DATABASE_URL" in run.stderr
    assert "Traceback" not in run.stderr


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it took too long"
        time.sleep(0.05)
