"""The verifier of docs/archive.md, run as it stands there: an outsider's, with the standard library alone."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from events import feed
from events.partitions import count, partition_among, partition_of
from projections.archiving import manifest, segment
from tests.builders import given, set_
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


def test_it_reads_every_partition(verifier: Path) -> None:
    """Whatever characters texts have, it writes a line as the archive does."""
    booking = given(set_("1.00", actor="Anna", description='a "b" \\ / ü😀', metadata={"b": "\t\u2028"}))
    archive()
    assert run(verifier, partition_of(booking)).stderr == ""


@pytest.mark.parametrize(
    ("number", "said"),
    [(None, "partition of position 1"), (-1, "-1 partitions"), (10**9, "1000000000 partitions")],
)
def test_it_finds_an_edited_number_of_partitions(verifier: Path, number: int | None, said: str) -> None:
    """Also two fewer, without their folders."""
    fewer = count() - 2
    _, partition = moved_by(fewer)
    archive(partitions=[partition])
    epoch = folder(partition).parent
    path = epoch / manifest.MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "partitions": number or fewer}))
    for lost in range(fewer, count()):
        shutil.rmtree(epoch / f"p{lost:03}")
    assert said in run(verifier, partition).stderr


def moved_by(partitions: int) -> tuple[str, int]:
    """A booking, first in its log, that would be elsewhere with this number of partitions."""
    while True:
        booking, partition = booking_with(1)
        first = feed.records(partition, 0, 1)[0]["booking_id"]
        if partition < partitions and partition_among(first, partitions) != partition:
            return booking, partition


def test_it_finds_a_folder_that_is_gone(verifier: Path) -> None:
    _, partition = booking_with(1)
    archive(partitions=[partition])
    shutil.rmtree(folder((partition + 1) % count()))
    assert f"folders of the {count()} partitions" in run(verifier, partition).stderr


def test_it_finds_a_line_written_in_another_way(verifier: Path) -> None:
    _, partition = booking_with(1)
    archive(partitions=[partition])
    path = folder(partition) / segment.name_of(*ranges(partition)[0])
    text = gzip.decompress(path.read_bytes())
    for twice in (text.replace(b'"fare":', b'"fare":1,"fare":'), text.replace(b"\n", b"\r\n")):
        path.write_bytes(gzip.compress(twice, mtime=0))
        assert "form of the line" in run(verifier, partition).stderr


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
        (lambda lines: lines[1].update(actor="Eve", metadata=None), "content of position 4"),
        (lambda lines: lines[1].update(note="paid"), "keys of position 4"),
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
