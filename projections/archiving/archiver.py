"""Writes the ledger to the archive's folder, and takes up what an earlier run left there.

A file is written under a temporary name, brought to the disk, read back and verified, and only then named and
entered in its partition's manifest. The manifest is the truth about how far the archive has got; killed between any
two of these steps, the next run finds either nothing or a whole file, which it verifies and enters.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from django.conf import settings

from events import feed, partitions
from events.feed import Identity
from projections.archiving import files, manifest, segment
from projections.archiving.manifest import BadManifest, Entry, Manifest, Whole
from projections.archiving.segment import FORMAT, BadSegment, Header

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of a file's events, uncompressed; a file ends with the event that passes it. Written and verified in a second."""

AT_ONCE: Final = 500
"""Events that are read from the ledger by one statement."""

logger = logging.getLogger(__name__)


class CannotArchive(RuntimeError):
    """The archive cannot be written: the message says why. What it has is as it was."""


def is_on() -> bool:
    """Whether FAREHISTORY_ARCHIVE names a folder."""
    return bool(settings.FAREHISTORY_ARCHIVE)


def reached(ledger: Identity, which: Iterable[int]) -> dict[int, int]:
    """How far each of these partitions is archived; 0 where there is no manifest, or none that can be read."""
    return {partition: _last(folder_of(ledger, partition)) for partition in which}


def extend(ledger: Identity, partition: int, upto: int) -> None:
    """Archives the partition up to this position, or a little further where a file goes on.

    Raises CannotArchive, ArchiveInUse, BadManifest.
    """
    with _writing(ledger, partition) as folder:
        log = _Log(ledger, partition, folder)
        held = manifest.read(folder) or log.empty_manifest()
        while held.last < upto:
            entry = log.adopted(held) or log.written(held, upto)
            held = held.with_file(entry)
            manifest.write(folder, held)


def begin_again(ledger: Identity, partition: int, after: int) -> None:
    """Forgets the files that go beyond this position. They stay where they are: whichever is right is taken up
    again by `extend`, any other is kept aside and written anew.

    Raises CannotArchive, ArchiveInUse.
    """
    with _writing(ledger, partition) as folder:
        try:
            held = manifest.read(folder)
        except BadManifest as error:
            logger.error("%s; it is kept as %s", error, files.put_aside(folder / manifest.MANIFEST))
            held = None
        held = held or _Log(ledger, partition, folder).empty_manifest()
        manifest.write(folder, held.upto(after))


def folder_of(ledger: Identity, partition: int) -> Path:
    """Where a partition's files lie."""
    return _epoch_folder(ledger) / manifest.folder_name(partition)


@dataclass(frozen=True, slots=True)
class _Log:
    """One partition's log and the folder that it is archived in."""

    ledger: Identity
    partition: int
    folder: Path

    def empty_manifest(self) -> Manifest:
        return Manifest(FORMAT, str(self.ledger.ledger_id), self.ledger.epoch, self.partition, [])

    def adopted(self, held: Manifest) -> Entry | None:
        """The file that an earlier run left for the next position, verified; None if there is none that is right."""
        for first, last in self._ranges_beyond(held):
            if first != held.last + 1:
                return None
            file = self.folder / segment.name_of(first, last)
            try:
                return self._verified(file, self._header(held, last))
            except BadSegment as error:
                logger.error("%s %s; it is kept as %s", file, error, files.put_aside(file))
        return None

    def written(self, held: Manifest, upto: int) -> Entry:
        """A new file for the next positions, up to `upto` or to where there is a file already."""
        upto = min([upto, *(first - 1 for first, _ in self._ranges_beyond(held))])
        lines, last_hash = self._lines(held.last, upto)
        if not lines:
            raise CannotArchive(
                f"the ledger has no event after position {held.last} of partition {self.partition}"
            )
        header = self._header(held, held.last + len(lines))
        begun = files.begin(self.folder, segment.composed(header, lines, last_hash))
        try:
            entry = self._verified(begun, header)
        except BadSegment as error:
            begun.unlink()
            raise CannotArchive(f"what was written to {self.folder} reads back wrong: it {error}") from error
        except BaseException:
            begun.unlink(missing_ok=True)
            raise
        files.finish(begun, entry.file)
        return entry

    def _lines(self, after: int, upto: int) -> tuple[list[bytes], str]:
        """The lines of the next events, as many as make a file, and the last one's hash."""
        lines: list[bytes] = []
        size = 0
        last_hash = b""
        for start in range(after, upto, AT_ONCE):
            for record in feed.records(self.partition, start, min(start + AT_ONCE, upto)):
                lines.append(segment.event_line(record))
                last_hash = bytes(record["hash"])
                size += len(lines[-1])
                if size > MOST_BYTES:
                    return lines, last_hash.hex()
        return lines, last_hash.hex()

    def _verified(self, file: Path, expected: Header) -> Entry:
        """The entry of a file that holds just this part of this ledger. Raises BadSegment."""
        packed = file.read_bytes()
        found = segment.checked(packed)
        if found.header != expected:
            raise BadSegment(f"is headed {found.header}, where {expected} was expected")
        # The hash of the last event covers all events before it.
        ours = feed.records(self.partition, expected.last - 1, expected.last)
        if not ours or bytes(ours[0]["hash"]).hex() != found.footer.last_hash:
            raise BadSegment(f"has another event at position {expected.last} than the ledger")
        return Entry(
            file=segment.name_of(expected.first, expected.last),
            first=expected.first,
            last=expected.last,
            previous_hash=expected.previous_hash,
            last_hash=found.footer.last_hash,
            sha256=sha256(packed).hexdigest(),
            bytes=len(packed),
        )

    def _header(self, held: Manifest, last: int) -> Header:
        return Header(
            format=FORMAT,
            ledger_id=held.ledger_id,
            epoch=held.epoch,
            partition=held.partition,
            first=held.last + 1,
            last=last,
            previous_hash=held.last_hash,
        )

    def _ranges_beyond(self, held: Manifest) -> list[tuple[int, int]]:
        """Of the files that are there and not in the manifest yet, in order."""
        ranges = (segment.range_of(file.name) for file in self.folder.iterdir())
        return sorted(found for found in ranges if found is not None and found[0] > held.last)


@contextmanager
def _writing(ledger: Identity, partition: int) -> Iterator[Path]:
    """The partition's folder, for this process alone."""
    if not is_on():
        raise CannotArchive("FAREHISTORY_ARCHIVE names no folder: no archive is written")
    folder = folder_of(ledger, partition)
    try:
        _make_whole(ledger)
        with files.locked(folder):
            files.remove_leftovers(folder)
            yield folder
    except OSError as error:
        raise CannotArchive(f"the archive in {folder} cannot be written: {error}") from error


def _make_whole(ledger: Identity) -> None:
    """Makes the folders of all partitions, then the manifest that names their number: a lost one shows."""
    whole = _epoch_folder(ledger)
    if (whole / manifest.MANIFEST).exists() and all((whole / name).is_dir() for name in _names()):
        return
    files.make_folder(whole)
    with files.locked(whole, wait=True):
        for partition, name in enumerate(_names()):
            files.make_folder(whole / name)
            if not (whole / name / manifest.MANIFEST).exists():
                log = _Log(ledger, partition, whole / name)
                manifest.write(whole / name, log.empty_manifest())
        manifest.write(whole, Whole(FORMAT, str(ledger.ledger_id), ledger.epoch, partitions.count()))


def _names() -> list[str]:
    return [manifest.folder_name(partition) for partition in range(partitions.count())]


def _epoch_folder(ledger: Identity) -> Path:
    return Path(settings.FAREHISTORY_ARCHIVE) / str(ledger.ledger_id) / f"epoch-{ledger.epoch}"


def _last(folder: Path) -> int:
    try:
        now = (folder / manifest.MANIFEST).stat()
        return _last_of(folder, now.st_ino, now.st_mtime_ns, now.st_size)
    except (BadManifest, OSError):
        return 0  # `extend` says what is wrong


@lru_cache(maxsize=1024)
def _last_of(folder: Path, *_: int) -> int:
    """Of the manifest that was replaced last then: status asks often, and a manifest grows for years."""
    found = manifest.read(folder)
    return found.last if found else 0
