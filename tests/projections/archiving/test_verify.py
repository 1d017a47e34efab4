"""The archive verifies itself, without the ledger, and whatever is damaged or missing in it is found and named."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from events import feed
from events.partitions import count
from projections.archiving import files, manifest, segment
from tests.projections.archiving.helpers import (
    archive,
    assert_found,
    booking_with,
    edited,
    file_of,
    folder,
    lines_of,
    ranges,
    rewritten,
    verify,
)

REPOSITORY = Path(__file__).resolve().parents[3]


def test_it_needs_neither_database_nor_redis(root: Path, partition: int) -> None:
    nowhere = {
        "DATABASE_URL": "postgres://nobody:secret@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "not needed either",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "verify_archive", str(root)],
        cwd=REPOSITORY,
        env={**os.environ, **nowhere},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "all is right" in done.stdout
    assert ranges_hash(partition) in done.stdout


def ranges_hash(partition: int) -> str:
    last = feed.head(partition)
    return bytes(feed.records(partition, last - 1, last)[0]["hash"]).hex()


def test_it_says_how_much_there_is_and_where_it_ends(root: Path, partition: int) -> None:
    code, told = verify(root, "--json")
    assert code == 0
    (epoch,) = json.loads(told)
    (found,) = [each for each in epoch["partitions"] if each["name"] == f"p{partition:03}"]
    assert found["events"] == found["last"] == feed.head(partition)
    assert found["last_hash"] == ranges_hash(partition)
    assert found["files"] == len(ranges(partition))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 987654),
        ("fare", 987654),
        ("booking_id", "BK-other"),
        ("version", 98765),
        ("type", "PUT"),
        ("component", "zzz"),
        ("currency", "XXX"),
        ("source", "zzz"),
        ("recorded_at", "2026-01-01T00:00:00.000000Z"),
        ("occurred_at", "2026-01-01T00:00:00.000000Z"),
        ("hash", "0" * 64),
    ],
)
def test_a_changed_field_names_the_first_bad_event(
    root: Path, partition: int, field: str, value: Any
) -> None:
    rewritten(file_of(partition, 1), lambda lines: lines[2].update({field: value}))
    assert_found(
        root, f"partition {partition}, position {ranges(partition)[1][0] + 1}: the hash is not that of"
    )


@pytest.mark.parametrize("field", ["actor", "description", "metadata", "salt", "content_digest"])
def test_changed_content_is_found(root: Path, partition: int, field: str) -> None:
    value = "1" * 64 if field in ("salt", "content_digest") else "other"
    rewritten(file_of(partition, 0), lambda lines: lines[1].update({field: value}))
    assert_found(root, f"partition {partition}, position 1: actor, description or metadata are not")


def test_a_field_too_much_or_too_few_is_found(root: Path, partition: int) -> None:
    rewritten(file_of(partition, 0), lambda lines: lines[1].update(note="paid"))
    rewritten(file_of(partition, 1), lambda lines: lines[1].pop("salt"))
    assert_found(root, "unknown field `note`", "missing required field `salt`")


def test_content_that_was_erased_is_counted_and_the_rest_still_verifies(root: Path, partition: int) -> None:
    """As an archive written after the erasure has it: the digest stands, the content does not."""
    path = file_of(partition, 0)
    header, *events, footer = lines_of(path)
    events[0].update(actor=None, description=None, metadata=None)
    lines = [segment.event_line(event) for event in events]
    checked = segment.checked(segment.composed(segment.Header(**header), lines, footer["last_hash"]))
    assert checked.erased == 1


def test_a_file_that_was_cut_is_found(root: Path, partition: int) -> None:
    path = file_of(partition, 1)
    path.write_bytes(path.read_bytes()[:-20])
    assert_found(root, f"{path.name}: is not a complete gzip file")


def test_every_changed_byte_is_found(root: Path, partition: int) -> None:
    path = file_of(partition, 1)
    whole = path.read_bytes()
    for at in range(0, len(whole), 37):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert verify(root)[0] == 1, f"byte {at}"


def test_an_event_that_was_taken_out_or_swapped_is_found(root: Path, partition: int) -> None:
    first = ranges(partition)[1][0]
    rewritten(file_of(partition, 1), lambda lines: lines.pop(2))
    rewritten(file_of(partition, 2), lambda lines: lines.insert(1, lines.pop(2)))
    assert_found(root, f"position {first + 1}: here stands", f"position {first + 3}: here stands")


def test_a_missing_file_is_found(root: Path, partition: int) -> None:
    path = file_of(partition, 1)
    path.unlink()
    assert_found(root, f"{path.name}: is missing")


def test_swapped_files_are_found(root: Path, partition: int) -> None:
    one, other = file_of(partition, 0), file_of(partition, 1)
    kept = one.read_bytes()
    shutil.copy(other, one)
    other.write_bytes(kept)
    assert_found(root, f"{one.name}: is headed", f"{other.name}: is headed")


def test_a_file_of_another_partition_is_found(root: Path, partition: int) -> None:
    _, other = booking_with(3)
    while other == partition:
        _, other = booking_with(3)
    archive(partitions=[other], page_events=3)
    shutil.copy(file_of(other, 0), file_of(partition, 0))
    assert_found(root, f"{file_of(partition, 0).name}: is headed")


def test_a_file_that_is_not_in_the_manifest_is_found(root: Path, partition: int) -> None:
    path = file_of(partition, -1)
    edited(partition, lambda content: content["files"].pop())
    assert_found(root, f"{path.name} is not in the manifest")


def test_an_entry_that_was_taken_out_of_the_manifest_is_found(root: Path, partition: int) -> None:
    (_, last), *_ = ranges(partition)
    edited(partition, lambda content: content["files"].pop(1))
    assert_found(root, f"does not follow position {last}")


@pytest.mark.parametrize("key", ["previous_hash", "last_hash", "sha256"])
def test_an_edited_manifest_is_found(root: Path, partition: int, key: str) -> None:
    edited(partition, lambda content: content["files"][1].update({key: "0" * 64}))
    assert_found(root, "the manifest has")


def test_a_manifest_that_names_a_file_elsewhere_is_found(root: Path, partition: int) -> None:
    _, (first, last), *_ = ranges(partition)
    edited(partition, lambda content: content["files"][1].update(file="../../secret"))
    assert_found(root, f"is not the name of positions {first} to {last}")


def test_a_missing_manifest_is_found(root: Path, partition: int) -> None:
    (folder(partition) / manifest.MANIFEST).unlink()
    (folder(partition).parent / manifest.MANIFEST).unlink()
    assert_found(
        root, f"p{partition:03}/{manifest.MANIFEST} is missing", f"epoch-1/{manifest.MANIFEST} is missing"
    )


def test_a_partitions_folder_that_was_deleted_is_found(root: Path, partition: int) -> None:
    shutil.rmtree(folder(partition))
    assert_found(root, f"p{partition:03} is missing")


def test_a_folder_of_a_partition_that_the_ledger_does_not_have_is_found(root: Path, partition: int) -> None:
    shutil.copytree(folder(partition), folder(count()))
    assert_found(root, f"p{count():03} is none of the {count()} partitions")


def test_partitions_that_were_swapped_are_found(root: Path, partition: int) -> None:
    other = folder((partition + 1) % count())
    kept = other.with_name("kept")
    other.rename(kept)
    folder(partition).rename(other)
    kept.rename(folder(partition))
    assert_found(root, "is of another partition, ledger or epoch")


def test_what_a_dead_run_had_begun_is_no_fault(root: Path, partition: int) -> None:
    (folder(partition) / f"{files.BEING_WRITTEN}abc").write_bytes(b"half")
    assert verify(root)[0] == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        gzip.compress(b"", mtime=0),
        gzip.compress(b"{}\n", mtime=0),
        gzip.compress(b"\xff\n\xff\n", mtime=0),
    ],
)
def test_a_file_of_anything_else_is_a_fault_never_an_exception(
    root: Path, partition: int, content: bytes
) -> None:
    file_of(partition, 1).write_bytes(content)
    assert_found(root, file_of(partition, 1).name)


@pytest.mark.parametrize("line", ["[]", "7", '"text"', "{}", "null"])
def test_a_line_of_anything_else_is_a_fault_never_an_exception(root: Path, partition: int, line: str) -> None:
    path = file_of(partition, 1)
    header, *_, footer = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(header + line.encode() + b"\n" + footer, mtime=0))
    assert_found(root, path.name, "this line is not an event")


def test_what_the_format_does_not_know_is_found(root: Path, partition: int) -> None:
    where = folder(partition)
    for path in (
        where / "junk.txt",
        where / "junk.txt.damaged-1",
        where.parent / "p05",
        where.parent / "a\nb",
    ):
        path.write_text("anything")
    (where / "more").mkdir()
    assert_found(root, *(f"{where} has '{name}'" for name in ("junk.txt", "junk.txt.damaged-1", "more")))
    assert_found(root, f"{where.parent} has 'p05'", f"{where.parent} has 'a\\nb'")


def test_what_was_kept_aside_is_told_and_no_fault(root: Path, partition: int) -> None:
    for path in (file_of(partition, 1), folder(partition) / manifest.MANIFEST):
        shutil.copy(path, path.with_name(f"{path.name}.damaged-2"))
    code, told = verify(root)
    assert code == 0
    assert told.count("kept aside") == 2


def test_a_folder_without_an_archive_is_said(tmp_path: Path) -> None:
    for where in (tmp_path, tmp_path / "not-there"):
        with pytest.raises(CommandError, match=r"holds no archive.*archive_ledger") as said:
            call_command("verify_archive", str(where))
        assert said.value.returncode == 2
