"""An archive as the tests write it, look at it and damage it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from events import feed
from events.partitions import partition_of
from projections import runner
from projections.archiving import archiver, manifest, segment
from projections.projectors import projector
from tests.builders import add, append, given, new_booking_id, set_, sub


def archive(*, partitions: Iterable[int] | None = None, page_events: int | None = None) -> int:
    """One run of the schedule; answers how many events it went over."""
    consumer = projector("archive")
    which = runner.lagging(consumer) if partitions is None else partitions
    return runner.drain(consumer, which, page_events=page_events)


def booking_with(events: int) -> tuple[str, int]:
    """A booking of that many events with all that a hash covers, and its partition.

    In the shortest log: it is archived in pages of a few events, from its first one.
    """
    heads = feed.heads()
    shortest = min(heads, key=heads.__getitem__)
    booking = new_booking_id()
    while partition_of(booking) != shortest:
        booking = new_booking_id()
    given(set_("1.00", actor="Anna", description="ราคา", metadata={"b": 1, "a": "ü😀"}), booking_id=booking)
    more(booking, events - 1)
    return booking, shortest


def more(booking: str, events: int) -> None:
    for number in range(events):
        append(booking, add("toll", "0.30") if number % 2 else sub("promo", "2.00", allow_negative=True))


def folder(partition: int) -> Path:
    return archiver.folder_of(feed.identity(), partition)


def names(partition: int) -> list[str]:
    """Of everything in the partition's folder, but the lock."""
    return sorted(file.name for file in folder(partition).iterdir() if file.name != ".lock")


def ranges(partition: int) -> list[tuple[int, int]]:
    """Of the files that the manifest lists."""
    held = manifest.read(folder(partition))
    assert held is not None
    return [(entry.first, entry.last) for entry in held.files]


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


def archived(partition: int) -> list[dict[str, Any]]:
    """Every event in the partition's files, in the manifest's order."""
    return [
        event
        for first, last in ranges(partition)
        for event in lines_of(folder(partition) / segment.name_of(first, last))[1:-1]
    ]


def equals_the_ledger(partition: int) -> bool:
    records = feed.records(partition, 0, feed.head(partition))
    return archived(partition) == [json.loads(segment.event_line(record)) for record in records]


def rewritten(file: Path, damage: Callable[[list[dict[str, Any]]], None]) -> None:
    """The file with other lines, and no more: nothing is computed anew."""
    lines = lines_of(file)
    damage(lines)
    text = "".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in lines)
    file.write_bytes(gzip.compress(text.encode(), mtime=0))


def verify(root: Path, *options: str) -> tuple[int, str]:
    """The command's exit code and what it said."""
    out = StringIO()
    try:
        call_command("verify_archive", str(root), *options, stdout=out)
    except SystemExit as end:
        assert isinstance(end.code, int)
        return end.code, out.getvalue()
    return 0, out.getvalue()


def file_of(partition: int, number: int) -> Path:
    """The partition's file that is listed at this place."""
    return folder(partition) / segment.name_of(*ranges(partition)[number])


def edited(partition: int, change: Callable[[dict[str, Any]], None]) -> None:
    """The manifest, changed by somebody who knows its form."""
    edited_in(folder(partition), change)


def edited_in(where: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = where / manifest.MANIFEST
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def assert_found(root: Path, *said: str) -> None:
    code, told = verify(root)
    assert code == 1
    for words in said:
        assert words in told
