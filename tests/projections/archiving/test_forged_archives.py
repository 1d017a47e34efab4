"""What somebody who knows the format could write, with every sum computed anew, is found as well."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from events.partitions import count, partition_among
from projections.archiving import manifest, segment
from tests.projections.archiving.helpers import (
    archive,
    assert_found,
    booking_with,
    edited,
    edited_in,
    file_of,
    folder,
    verify,
)


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
    path = file_of(partition, 1)
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


def test_folders_that_were_deleted_with_a_lower_number_in_the_manifest_are_found(root: Path) -> None:
    fewer = count() - 2
    moved_by(fewer)
    archive()
    epoch = partitions_edited(root, fewer)
    for lost in range(fewer, count()):
        shutil.rmtree(epoch / f"p{lost:03}")
    assert_found(root, f"of {fewer} partitions, booking")


@pytest.mark.parametrize("number", [-1, 0, 257, 1_000_000_000, 10**30])
def test_a_number_of_partitions_that_no_ledger_has_is_found(root: Path, partition: int, number: int) -> None:
    epoch = partitions_edited(root, number)
    shutil.rmtree(epoch / f"p{(partition + 1) % count():03}")
    assert_found(root, f"{epoch / manifest.MANIFEST} is not a manifest")


@pytest.mark.parametrize("times", [0.75, 2])
def test_the_number_of_partitions_cannot_be_edited_where_there_are_events(root: Path, times: float) -> None:
    """Also with the folders that belong to it: the bookings are in other partitions."""
    number = int(count() * times)
    moved_by(number)
    archive()
    epoch = partitions_edited(root, number)
    for lost in range(number, count()):
        shutil.rmtree(epoch / f"p{lost:03}")
    for new in range(count(), number):
        (epoch / f"p{new:03}").mkdir()
        shutil.copy(epoch / "p000" / manifest.MANIFEST, epoch / f"p{new:03}")
        edited_in(epoch / f"p{new:03}", lambda content, new=new: content.update(partition=new, files=[]))
    code, told = verify(root)
    assert code == 1
    assert f"of {number} partitions, booking" in told
    assert "missing" not in told
    assert "none of" not in told


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
    repacked(partition, file_of(partition, 1), gzip.compress(bytes(segment.MOST_UNPACKED + 1), mtime=0))
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
