"""The verifier of docs/archive.md, run as it stands there: an outsider's, with the standard library alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from events import feed
from projections.archiving import segment
from tests.projections.archiving.helpers import archive, booking_with, folder, ranges, rewritten

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "archive.md"
CODE = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def verifier(tmp_path: Path) -> Path:
    assert CODE is not None
    program = tmp_path / "verify.py"
    program.write_text(CODE[1], encoding="utf-8")
    return program


def run(program: Path, partition: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(program), str(folder(partition))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_agrees_with_the_ledger(verifier: Path) -> None:
    _, partition = booking_with(7)
    archive(partitions=[partition], page_events=3)
    done = run(verifier, partition)
    last = feed.head(partition)
    expected = bytes(feed.records(partition, last - 1, last)[0]["hash"]).hex()
    assert (done.stdout.split(), done.stderr) == ([str(last), expected], "")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda lines: lines[1].update(fare=987654), "hash of position 4"),
        (lambda lines: lines[1].update(actor="Eve"), "content of position 4"),
        (lambda lines: lines.pop(2), "position 5 is missing"),
    ],
)
def test_it_finds_what_was_changed(verifier: Path, damage: object, said: str) -> None:
    _, partition = booking_with(7)
    archive(partitions=[partition], page_events=3)
    rewritten(folder(partition) / segment.name_of(*ranges(partition)[1]), damage)  # type: ignore[arg-type]
    done = run(verifier, partition)
    assert done.returncode == 1
    assert said in done.stderr
