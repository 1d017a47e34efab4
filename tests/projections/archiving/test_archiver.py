"""The archive holds every event of the ledger once, in files that are whole or not there."""

from __future__ import annotations

import errno
import os
import stat
from functools import partial
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import Settings

from events import chain, feed
from events.partitions import count
from projections import checkpoints, control, runner
from projections.archiving import archiver, files, manifest, segment
from projections.archiving.archiver import CannotArchive
from projections.archiving.files import ArchiveInUse
from projections.archiving.manifest import BadManifest
from projections.control import CannotReplay
from projections.projector import Page
from projections.projectors import PROJECTORS, projector
from tests.projections.archiving.helpers import (
    archive,
    archived,
    booking_with,
    equals_the_ledger,
    folder,
    lines_of,
    more,
    names,
    ranges,
    rewritten,
    verify,
)
from tests.threads import together


def test_every_event_is_archived_with_all_that_its_hash_covers(root: Path) -> None:
    booking, partition = booking_with(5)
    archive()
    assert all(equals_the_ledger(partition) for partition in feed.heads())
    (event,) = [e for e in archived(partition) if (e["booking_id"], e["version"]) == (booking, 1)]
    assert (event["actor"], event["description"], event["metadata"]) == ("Anna", "ราคา", '{"b":1,"a":"ü😀"}')
    assert (event["amount"], event["occurred_at"], len(event["salt"])) == (100, None, 64)
    code, said = verify(root)
    assert code == 0, said
    assert f"{sum(feed.heads().values()):,} events" in said


def test_a_file_begins_with_a_header_and_ends_with_a_footer() -> None:
    _, partition = booking_with(3)
    archive()
    (first, last) = ranges(partition)[-1]
    header, *events, footer = lines_of(folder(partition) / segment.name_of(first, last))
    ledger = feed.identity()
    assert header == {
        "format": "farehistory-archive-1",
        "ledger_id": str(ledger.ledger_id),
        "epoch": ledger.epoch,
        "partition": partition,
        "first": first,
        "last": last,
        "previous_hash": "0" * 64,
    }
    assert footer.keys() == {"events", "last_hash", "sha256"}
    assert (footer["events"], footer["last_hash"]) == (len(events), events[-1]["hash"])


def test_a_second_run_adds_nothing() -> None:
    _, partition = booking_with(3)
    archive()
    before = {name: (folder(partition) / name).stat().st_mtime_ns for name in names(partition)}
    assert archive() == 0
    assert archive(partitions=[partition]) == 0
    assert {name: (folder(partition) / name).stat().st_mtime_ns for name in names(partition)} == before


def test_each_run_makes_one_file_of_what_is_new() -> None:
    booking, partition = booking_with(3)
    archive()
    ended = feed.head(partition)
    more(booking, 2)
    archive()
    assert ranges(partition) == [(1, ended), (ended + 1, ended + 2)]
    assert equals_the_ledger(partition)


def test_a_file_ends_where_it_has_enough_events_or_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    _, partition = booking_with(7)
    head = feed.head(partition)
    archive(partitions=[partition], page_events=3)
    assert [last - first + 1 for first, last in ranges(partition)][:2] == [3, 3]
    assert ranges(partition)[-1][1] == head
    _, other = booking_with(4)
    monkeypatch.setattr(archiver, "MOST_BYTES", 100)
    archive(partitions=[other])
    assert equals_the_ledger(other)
    assert any(first == last for first, last in ranges(other))
    assert len(names(other)) == len(ranges(other)) + 1


def test_the_same_events_make_the_same_bytes(root: Path, tmp_path: Path, settings: Settings) -> None:
    _, partition = booking_with(3)
    archive(partitions=[partition])
    first = {name: (folder(partition) / name).read_bytes() for name in names(partition)}
    settings.FAREHISTORY_ARCHIVE = str(tmp_path / "again")
    archive(partitions=[partition])
    assert {name: (folder(partition) / name).read_bytes() for name in names(partition)} == first


def test_only_its_owner_can_read_it(root: Path) -> None:
    booking_with(2)
    archive()
    for path in (root, *root.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_every_partition_has_a_folder_so_that_a_lost_one_shows(root: Path) -> None:
    _, partition = booking_with(1)
    archive(partitions=[partition])
    assert len([path for path in folder(partition).parent.iterdir() if path.is_dir()]) == count()


def test_a_run_that_died_after_naming_a_file_left_it_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    booking, partition = booking_with(3)
    archive(partitions=[partition])
    more(booking, 2)
    head = feed.head(partition)
    with pytest.raises(ZeroDivisionError), monkeypatch.context() as patch:
        patch.setattr(manifest, "write", lambda *_: 1 / 0)
        archive(partitions=[partition])
    left = folder(partition) / segment.name_of(head - 1, head)
    before = left.stat().st_mtime_ns
    more(booking, 1)
    archive(partitions=[partition])
    assert ranges(partition)[-2:] == [(head - 1, head), (head + 1, head + 1)]
    assert left.stat().st_mtime_ns == before
    assert equals_the_ledger(partition)


def test_a_run_that_died_before_its_commit_is_not_repeated() -> None:
    _, partition = booking_with(3)
    head = feed.head(partition)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        checkpoints.lock(projector("archive"), partition)
        projector("archive").apply(Page(partition, 0, head))
        raise ZeroDivisionError
    before = names(partition)
    archive(partitions=[partition])
    assert names(partition) == before
    assert checkpoints.positions("archive")[partition] == head


def test_what_a_dead_run_had_begun_is_removed() -> None:
    booking, partition = booking_with(1)
    archive(partitions=[partition])
    (folder(partition) / f"{files.BEING_WRITTEN}abc").write_bytes(b"half")
    more(booking, 1)
    archive(partitions=[partition])
    assert not list(folder(partition).glob(f"{files.BEING_WRITTEN}*"))


def test_an_archive_that_was_lost_is_written_again(root: Path) -> None:
    _, partition = booking_with(3)
    archive()
    for file in folder(partition).iterdir():
        file.unlink()
    folder(partition).rmdir()
    assert partition in runner.lagging(projector("archive"))
    archive()
    assert equals_the_ledger(partition)
    assert verify(root)[0] == 0


def test_a_file_of_another_history_is_kept_aside() -> None:
    """Whole in itself, but not what the ledger has: only the ledger can tell."""
    _, partition = booking_with(2)
    archive(partitions=[partition])
    ((first, last),) = ranges(partition)
    mine = folder(partition) / segment.name_of(first, last)
    forge_the_last_event(mine)
    assert segment.checked(mine.read_bytes()).header.last == last
    control.replay(projector("archive"), {partition: 0})
    archive(partitions=[partition])
    assert equals_the_ledger(partition)
    assert mine.with_name(f"{mine.name}.damaged-1").exists()


def forge_the_last_event(file: Path) -> None:
    """A cent more, and every hash computed anew."""
    header, *events, _ = lines_of(file)
    events[-1]["amount"] += 1
    before = events[-2]["hash"] if len(events) > 1 else header["previous_hash"]
    events[-1]["hash"] = chain.event_hash(bytes.fromhex(before), events[-1]).hex()
    lines = [segment.event_line(event) for event in events]
    file.write_bytes(segment.composed(segment.Header(**header), lines, events[-1]["hash"]))


def test_a_replay_keeps_what_is_right_and_writes_the_rest_again(root: Path) -> None:
    _, partition = booking_with(12)
    archive(partitions=[partition], page_events=3)
    all_ranges = ranges(partition)
    paths = [folder(partition) / segment.name_of(*each) for each in all_ranges]
    stamps = [path.stat().st_mtime_ns for path in paths]
    rewritten(paths[1], lambda lines: lines[1].update(amount=7))
    paths[3].unlink()
    (folder(partition) / manifest.MANIFEST).write_text("not a manifest")
    control.replay(projector("archive"), {partition: 0})
    archive(partitions=[partition])
    assert ranges(partition) == all_ranges
    assert equals_the_ledger(partition)
    kept = [path.stat().st_mtime_ns == stamp for path, stamp in zip(paths, stamps, strict=True)]
    assert kept == [index not in (1, 3) for index in range(len(paths))]
    assert paths[1].with_name(f"{paths[1].name}.damaged-1").exists()
    code, said = verify(root)
    assert code == 0, said
    assert "kept aside" in said


def test_a_replay_leaves_what_lies_before_it_alone() -> None:
    _, partition = booking_with(9)
    archive(partitions=[partition], page_events=3)
    first, second, *_ = (folder(partition) / segment.name_of(*each) for each in ranges(partition))
    rewritten(first, lambda lines: lines[1].update(amount=7))
    rewritten(second, lambda lines: lines[1].update(amount=7))
    control.replay(projector("archive"), {partition: 4})  # in the middle of the second file
    archive(partitions=[partition])
    assert not list(folder(partition).glob(f"{first.name}.damaged*"))
    assert list(folder(partition).glob(f"{second.name}.damaged*"))


def test_a_manifest_that_cannot_be_read_stops_its_partition_and_no_other() -> None:
    booking, partition = booking_with(2)
    archive()
    (folder(partition) / manifest.MANIFEST).write_text("{}")
    others = [other for other in (booking_with(1)[1] for _ in range(4)) if other != partition]
    more(booking, 1)
    with pytest.raises(BadManifest):
        archive()
    assert all(equals_the_ledger(other) for other in others)
    control.replay(projector("archive"), {partition: 0})
    archive()
    assert equals_the_ledger(partition)


def test_processes_at_once_write_each_event_once(root: Path) -> None:
    _, partition = booking_with(20)

    def run() -> bool:
        try:
            archive(partitions=[partition], page_events=2)
        except (ArchiveInUse, Exception):
            return False
        return True

    together([run] * 3)
    archive(partitions=[partition])
    assert equals_the_ledger(partition)
    assert len(names(partition)) == len(ranges(partition)) + 1


def test_a_process_that_lost_its_checkpoint_keeps_the_folder_until_it_is_done() -> None:
    booking, partition = booking_with(1)
    archive(partitions=[partition])
    more(booking, 1)
    with files.locked(folder(partition)), pytest.raises(ArchiveInUse):
        together([partial(archive, partitions=[partition])])
    archive(partitions=[partition])
    assert equals_the_ledger(partition)


def test_a_disk_that_is_full_leaves_nothing_half_written(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    booking, partition = booking_with(2)
    archive(partitions=[partition])
    before = names(partition)
    more(booking, 2)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(CannotArchive, match="No space left on device"):
            archive(partitions=[partition])
    assert names(partition) == before
    archive(partitions=[partition])
    assert equals_the_ledger(partition)


def test_a_folder_that_cannot_be_made_is_said_and_the_views_go_on(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "file").write_text("in the way")
    settings.FAREHISTORY_ARCHIVE = str(tmp_path / "file" / "archive")
    _, partition = booking_with(1)
    with pytest.raises(CannotArchive, match="cannot be written"):
        archive(partitions=[partition])
    for one in PROJECTORS:
        if one.live:
            runner.drain(one, [partition])
            assert partition not in runner.lagging(one)


def test_what_reads_back_wrong_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    _, partition = booking_with(2)
    original = files.begin

    def failing_disk(where: Path, content: bytes) -> Path:
        begun = original(where, content)
        if content[:2] == b"\x1f\x8b":
            begun.write_bytes(content[:-9])
        return begun

    with monkeypatch.context() as patch:
        patch.setattr(files, "begin", failing_disk)
        with pytest.raises(CannotArchive, match="reads back wrong"):
            archive(partitions=[partition])
    assert names(partition) == [manifest.MANIFEST]
    archive(partitions=[partition])
    assert equals_the_ledger(partition)


def test_without_a_folder_there_is_nothing_to_do(settings: Settings) -> None:
    _, partition = booking_with(1)
    settings.FAREHISTORY_ARCHIVE = ""
    assert runner.lagging(projector("archive")) == []
    assert archive(partitions=[partition]) == 0
    with pytest.raises(CannotReplay, match="FAREHISTORY_ARCHIVE"):
        control.replay(projector("archive"), {partition: 0})


def test_paused_it_archives_nothing() -> None:
    _, partition = booking_with(1)
    control.pause("archive", by="a test")
    try:
        assert archive(partitions=[partition]) == 0
    finally:
        control.resume("archive")
    assert archive(partitions=[partition]) > 0


def test_it_is_moved_by_its_own_schedule_alone() -> None:
    assert not projector("archive").live
