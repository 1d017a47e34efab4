"""The archive verifies itself, without the ledger, and whatever is wrong with it is found and named."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from events import feed
from events.partitions import partition_among
from projections.archiving import files, manifest, segment
from tests.projections.archiving.helpers import (
    archive,
    booking_with,
    folder,
    lines_of,
    more,
    ranges,
    rewritten,
    verify,
)

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def partition(root: Path) -> int:
    """A partition whose archive has several files of three events, after one of all that was there before."""
    booking, partition = booking_with(3)
    archive(partitions=[partition], page_events=feed.head(partition))
    more(booking, 9)
    archive(partitions=[partition], page_events=3)
    assert verify(root)[0] == 0
    return partition


def file(partition: int, number: int) -> Path:
    return folder(partition) / segment.name_of(*ranges(partition)[number])


def edited(partition: int, change: Callable[[dict[str, Any]], None]) -> None:
    """The manifest, changed by somebody who knows its form."""
    edited_in(folder(partition), change)


def edited_in(where: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = where / manifest.MANIFEST
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def partitions_edited(root: Path, number: int) -> Path:
    """The epoch's folder, whose manifest now has this number of partitions."""
    (epoch,) = root.glob("*/epoch-1")
    edited_in(epoch, lambda content: content.update(partitions=number))
    return epoch


def moved_by(partitions: int) -> None:
    """There is a booking that would be elsewhere with this number of partitions."""
    booking, partition = booking_with(1)
    while partition >= partitions or partition_among(booking, partitions) == partition:
        booking, partition = booking_with(1)


def packed(text: bytes) -> bytes:
    return gzip.compress(text, mtime=0)


def forged(
    partition: int,
    change: Callable[[bytes], bytes],
    pack: Callable[[bytes], bytes] = packed,
) -> None:
    """The second file with other bytes before its footer; footer and manifest are computed anew."""
    path = file(partition, 1)
    *lines, last = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    before = b"".join(lines)
    content = change(before)
    footer = {**json.loads(last), "sha256": sha256(content).hexdigest()}
    repacked(partition, path, pack(content + json.dumps(footer, separators=(",", ":")).encode() + b"\n"))


def repacked(partition: int, path: Path, content: bytes) -> None:
    """The file of these bytes, as the manifest has it then."""
    path.write_bytes(content)
    found = {"bytes": len(content), "sha256": sha256(content).hexdigest()}
    edited(partition, lambda held: held["files"][1].update(found))


def assert_found(root: Path, *said: str) -> None:
    code, told = verify(root)
    assert code == 1
    for words in said:
        assert words in told


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
    rewritten(file(partition, 1), lambda lines: lines[2].update({field: value}))
    assert_found(
        root, f"partition {partition}, position {ranges(partition)[1][0] + 1}: the hash is not that of"
    )


@pytest.mark.parametrize("field", ["actor", "description", "metadata", "salt", "content_digest"])
def test_changed_content_is_found(root: Path, partition: int, field: str) -> None:
    value = "1" * 64 if field in ("salt", "content_digest") else "other"
    rewritten(file(partition, 0), lambda lines: lines[1].update({field: value}))
    assert_found(root, f"partition {partition}, position 1: actor, description or metadata are not")


def test_a_field_too_much_or_too_few_is_found(root: Path, partition: int) -> None:
    rewritten(file(partition, 0), lambda lines: lines[1].update(note="paid"))
    rewritten(file(partition, 1), lambda lines: lines[1].pop("salt"))
    assert_found(root, "unknown field `note`", "missing required field `salt`")


def test_content_that_was_erased_is_counted_and_the_rest_still_verifies(root: Path, partition: int) -> None:
    """As an archive written after the erasure has it: the digest stands, the content does not."""
    path = file(partition, 0)
    header, *events, footer = lines_of(path)
    events[0].update(actor=None, description=None, metadata=None)
    lines = [segment.event_line(event) for event in events]
    checked = segment.checked(segment.composed(segment.Header(**header), lines, footer["last_hash"]))
    assert checked.erased == 1


def test_a_file_that_was_cut_is_found(root: Path, partition: int) -> None:
    path = file(partition, 1)
    path.write_bytes(path.read_bytes()[:-20])
    assert_found(root, f"{path.name}: is not a complete gzip file")


def test_every_changed_byte_is_found(root: Path, partition: int) -> None:
    path = file(partition, 1)
    whole = path.read_bytes()
    for at in range(0, len(whole), 37):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert verify(root)[0] == 1, f"byte {at}"


def test_an_event_that_was_taken_out_or_swapped_is_found(root: Path, partition: int) -> None:
    first = ranges(partition)[1][0]
    rewritten(file(partition, 1), lambda lines: lines.pop(2))
    rewritten(file(partition, 2), lambda lines: lines.insert(1, lines.pop(2)))
    assert_found(root, f"position {first + 1}: here stands", f"position {first + 3}: here stands")


def test_a_missing_file_is_found(root: Path, partition: int) -> None:
    path = file(partition, 1)
    path.unlink()
    assert_found(root, f"{path.name}: is missing")


def test_swapped_files_are_found(root: Path, partition: int) -> None:
    one, other = file(partition, 0), file(partition, 1)
    kept = one.read_bytes()
    shutil.copy(other, one)
    other.write_bytes(kept)
    assert_found(root, f"{one.name}: is headed", f"{other.name}: is headed")


def test_a_file_of_another_partition_is_found(root: Path, partition: int) -> None:
    _, other = booking_with(3)
    while other == partition:
        _, other = booking_with(3)
    archive(partitions=[other], page_events=3)
    shutil.copy(file(other, 0), file(partition, 0))
    assert_found(root, f"{file(partition, 0).name}: is headed")


def test_a_file_that_is_not_in_the_manifest_is_found(root: Path, partition: int) -> None:
    path = file(partition, -1)
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


def test_folders_that_were_deleted_with_a_lower_number_in_the_manifest_are_found(root: Path) -> None:
    moved_by(62)
    archive()
    epoch = partitions_edited(root, 62)
    for name in ("p062", "p063"):
        shutil.rmtree(epoch / name)
    assert_found(root, "of 62 partitions, booking")


@pytest.mark.parametrize("number", [-1, 0, 257, 1_000_000_000, 10**30])
def test_a_number_of_partitions_that_no_ledger_has_is_found(root: Path, partition: int, number: int) -> None:
    epoch = partitions_edited(root, number)
    shutil.rmtree(epoch / f"p{(partition + 1) % 64:03}")
    assert_found(root, f"{epoch / manifest.MANIFEST} is not a manifest")


@pytest.mark.parametrize("number", [48, 128])
def test_the_number_of_partitions_cannot_be_edited_where_there_are_events(root: Path, number: int) -> None:
    """Also with the folders that belong to it: the bookings are in other partitions."""
    moved_by(number)
    archive()
    epoch = partitions_edited(root, number)
    for lost in range(number, 64):
        shutil.rmtree(epoch / f"p{lost:03}")
    for new in range(64, number):
        (epoch / f"p{new:03}").mkdir()
        shutil.copy(epoch / "p000" / manifest.MANIFEST, epoch / f"p{new:03}")
        edited_in(epoch / f"p{new:03}", lambda content, new=new: content.update(partition=new, files=[]))
    code, told = verify(root)
    assert code == 1
    assert f"of {number} partitions, booking" in told
    assert "missing" not in told
    assert "none of" not in told


def test_a_folder_of_a_partition_that_the_ledger_does_not_have_is_found(root: Path, partition: int) -> None:
    shutil.copytree(folder(partition), folder(64))
    assert_found(root, "p064 is none of the 64 partitions")


def test_partitions_that_were_swapped_are_found(root: Path, partition: int) -> None:
    other = folder((partition + 1) % 64)
    kept = other.with_name("kept")
    other.rename(kept)
    folder(partition).rename(other)
    kept.rename(folder(partition))
    assert_found(root, "is of another partition, ledger or epoch")


def test_what_a_dead_run_had_begun_is_no_fault(root: Path, partition: int) -> None:
    (folder(partition) / f"{files.BEING_WRITTEN}abc").write_bytes(b"half")
    assert verify(root)[0] == 0


@pytest.mark.parametrize(
    "content", [b"", b"text", gzip.compress(b""), gzip.compress(b"{}\n"), gzip.compress(b"\xff\n\xff\n")]
)
def test_a_file_of_anything_else_is_a_fault_never_an_exception(
    root: Path, partition: int, content: bytes
) -> None:
    file(partition, 1).write_bytes(content)
    assert_found(root, file(partition, 1).name)


@pytest.mark.parametrize("line", ["[]", "7", '"text"', "{}", "null"])
def test_a_line_of_anything_else_is_a_fault_never_an_exception(root: Path, partition: int, line: str) -> None:
    path = file(partition, 1)
    header, *_, footer = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(header + line.encode() + b"\n" + footer, mtime=0))
    assert_found(root, path.name, "this line is not an event")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"fare":', b'"fare":1,"fare":'),
        (b'"fare":', b'"fare": '),
        (b'{"schema":1,"partition"', b'{"partition"'),
        (b'"ADD"', b'"\\u0041DD"'),
        (b"}\n", b"}\r\n"),
        (b'"allow_negative":true', b'"allow_negative":"true"'),
        (b'"occurred_at":null', b'"occurred_at":""'),
        (b'"epoch":1', b'"epoch":1,"epoch":1'),
    ],
)
def test_a_line_written_in_another_way_is_found_though_its_hash_is_right(
    root: Path, partition: int, old: bytes, new: bytes
) -> None:
    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new)

    forged(partition, lambda content: content)
    assert verify(root)[0] == 0
    forged(partition, change)
    assert_found(
        root,
        "the first line is not a header" if old in (b'"epoch":1', b"}\n") else "this line is not an event",
    )


@pytest.mark.parametrize("case", ["name", "second member", "zeros behind"])
def test_gzip_of_another_form_is_found(root: Path, partition: int, case: str) -> None:
    def pack(text: bytes) -> bytes:
        member = gzip.compress(text, mtime=0)
        if case == "name":
            return member[:3] + b"\x08" + member[4:10] + b"paid\0" + member[10:]
        return member + (gzip.compress(b"", mtime=0) if case == "second member" else bytes(8))

    forged(partition, lambda content: content, pack)
    assert_found(root, "is not one gzip member without name and time")


def test_a_small_file_that_unpacks_to_a_huge_one_is_a_fault(root: Path, partition: int) -> None:
    repacked(partition, file(partition, 1), gzip.compress(bytes(segment.MOST_UNPACKED + 1), mtime=0))
    assert_found(root, "unpacks to more than")


@pytest.mark.parametrize("key", ["first", "last", "bytes"])
@pytest.mark.parametrize("number", [-1, 2**63, 10**4000])
def test_a_number_beyond_all_bounds_in_a_manifest_is_a_fault(
    root: Path, partition: int, key: str, number: int
) -> None:
    edited(partition, lambda content: content["files"][-1].update({key: number}))
    assert_found(root, f"p{partition:03}/{manifest.MANIFEST} is not a manifest")


@pytest.mark.parametrize("key", ["first", "last", "epoch", "partition"])
@pytest.mark.parametrize("number", [b"-1", b"9223372036854775808", b"9" * 4000, b"1e9"])
def test_a_number_beyond_all_bounds_in_a_header_is_a_fault(
    root: Path, partition: int, key: str, number: bytes
) -> None:
    def change(content: bytes) -> bytes:
        header, rest = content.split(b"\n", 1)
        return re.sub(rb'"%b":\d+' % key.encode(), b'"%b":%b' % (key.encode(), number), header) + b"\n" + rest

    forged(partition, change)
    assert_found(root, "the first line is not a header")


def test_a_key_that_stands_twice_in_a_manifest_is_found(root: Path, partition: int) -> None:
    (epoch,) = root.glob("*/epoch-1")
    for path in (epoch / manifest.MANIFEST, folder(partition) / manifest.MANIFEST):
        path.write_text(path.read_text().replace('"epoch": 1,', '"epoch": 2, "epoch": 1,'))
    assert_found(
        root, "epoch-1/manifest.json is not a manifest", f"p{partition:03}/manifest.json is not a manifest"
    )


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
    for path in (file(partition, 1), folder(partition) / manifest.MANIFEST):
        shutil.copy(path, path.with_name(f"{path.name}.damaged-2"))
    code, told = verify(root)
    assert code == 0
    assert told.count("kept aside") == 2


def test_a_folder_without_an_archive_is_said(tmp_path: Path) -> None:
    for where in (tmp_path, tmp_path / "not-there"):
        with pytest.raises(CommandError, match=r"holds no archive.*archive_ledger") as said:
            call_command("verify_archive", str(where))
        assert said.value.returncode == 2
