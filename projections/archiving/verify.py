"""Verifies an archive from its files alone: no database, no network.

What this shows: from position 1 to the end of the archive, every event of every partition is there once, in order,
and is what its hash says. What it cannot show is an end that was cut off together with its entry in the manifest,
a number of partitions divided together with the folders, or an archive that was written anew as a whole: that takes
a signed digest of the heads, kept elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from events import chain
from projections.archiving import files, manifest, segment
from projections.archiving.manifest import BadManifest, Entry, Manifest, Whole
from projections.archiving.segment import FORMAT, BadSegment, Checked, Header

_PARTITION: Final = re.compile(r"p[0-9]{3}")
_ASIDE: Final = re.compile(
    rf"({segment.NAME.pattern}|{re.escape(manifest.MANIFEST)}){re.escape(files.ASIDE)}-[1-9][0-9]*"
)


class NoArchive(LookupError):
    """The folder holds no archive."""


@dataclass(slots=True)
class Partition:
    """What was found of one partition."""

    name: str
    """Of its folder."""
    files: int = 0
    events: int = 0
    erased: int = 0
    """Events whose content was erased before they were archived."""
    last: int = 0
    last_hash: str = chain.GENESIS.hex()
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Epoch:
    """What was found of one ledger's epoch."""

    folder: Path
    ledger_id: str = "unknown"
    epoch: int = 0
    partitions: list[Partition] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Of the folder as a whole."""
    notes: list[str] = field(default_factory=list)
    """Files that lie there and are no part of the archive."""

    def all_faults(self) -> list[str]:
        return [*self.faults, *(fault for partition in self.partitions for fault in partition.faults)]


def verify(root: Path) -> list[Epoch]:
    """Every epoch of every ledger under this folder. Raises NoArchive."""
    folders = {folder.parent for folder in _partition_folders(root)}
    folders |= {file.parent for file in root.rglob(manifest.MANIFEST) if not _is_partition(file.parent)}
    if not folders:
        raise NoArchive(
            f"{root} holds no archive. If it is the folder that FAREHISTORY_ARCHIVE names, none was written there"
            ' yet: the first files come with the next run of the schedule "archive the ledger" (every hour), or at'
            " once by manage.py archive_ledger. Otherwise name that folder, or an epoch's in it"
        )
    return [_epoch(folder) for folder in sorted(folders)]


def _epoch(folder: Path) -> Epoch:
    found = Epoch(folder)
    try:
        whole = manifest.read_whole(folder)
    except (BadManifest, OSError) as error:
        found.faults.append(str(error))
        whole = None
    else:
        if whole is None:
            found.faults.append(f"{folder / manifest.MANIFEST} is missing")
    if whole is not None:
        found.ledger_id, found.epoch = whole.ledger_id, whole.epoch
    found.faults.extend(_misplaced(folder, whole))
    for partition in sorted(filter(_is_partition, folder.iterdir())):
        found.partitions.append(_partition(partition, whole))
        found.notes.extend(_notes(partition))
    return found


def _partition(folder: Path, whole: Whole | None) -> Partition:
    found = Partition(folder.name)
    try:
        held = manifest.read(folder)
    except (BadManifest, OSError) as error:
        found.faults.append(str(error))
        return found
    if held is None:
        found.faults.append(f"{folder / manifest.MANIFEST} is missing")
        return found
    if manifest.folder_name(held.partition) != folder.name or (
        whole is not None and (held.ledger_id, held.epoch) != (whole.ledger_id, whole.epoch)
    ):
        found.faults.append(f"{folder / manifest.MANIFEST} is of another partition, ledger or epoch")
    for entry in held.files:
        _file(found, folder, held, entry, whole)
    found.faults.extend(_unlisted(folder, {entry.file for entry in held.files}))
    return found


def _file(found: Partition, folder: Path, held: Manifest, entry: Entry, whole: Whole | None) -> None:
    """Adds a file to what was found: its events, or its fault."""
    expected = Header(
        FORMAT, held.ledger_id, held.epoch, held.partition, entry.first, entry.last, found.last_hash
    )
    try:
        checked = _checked(folder, entry, expected, whole.partitions if whole else None)
    except (BadSegment, OSError) as error:
        found.faults.append(f"{folder / entry.file}: {error}")
    else:
        found.files += 1
        found.events += checked.footer.events
        found.erased += checked.erased
    # After a fault the rest is verified from where the manifest says that it begins.
    found.last, found.last_hash = entry.last, entry.last_hash


def _checked(folder: Path, entry: Entry, expected: Header, partitions: int | None) -> Checked:
    if entry.file != segment.name_of(entry.first, entry.last):
        raise BadSegment(f"is not the name of positions {entry.first} to {entry.last}")
    try:
        packed = (folder / entry.file).read_bytes()
    except FileNotFoundError:
        raise BadSegment("is missing") from None
    checked = segment.checked(packed, partitions)
    if checked.header != expected:
        raise BadSegment(f"is headed {_said(checked.header)}; expected was {_said(expected)}")
    if entry.previous_hash != expected.previous_hash or entry.last_hash != checked.footer.last_hash:
        raise BadSegment("the manifest has other hashes than the file")
    if (entry.bytes, entry.sha256) != (len(packed), sha256(packed).hexdigest()):
        raise BadSegment("the manifest has another size or sha256 than the file")
    return checked


def _said(header: Header) -> str:
    return (
        f"ledger {header.ledger_id}, epoch {header.epoch}, partition {header.partition},"
        f" {header.first} to {header.last}, after hash {header.previous_hash}"
    )


def _misplaced(folder: Path, whole: Whole | None) -> Iterator[str]:
    """What an epoch's folder lacks, and what it has too much: there is a folder for each partition and no other."""
    there = {path.name for path in folder.iterdir() if _is_partition(path)}
    if whole is not None:
        named = {manifest.folder_name(partition) for partition in range(whole.partitions)}
        yield from (f"{folder / name} is missing" for name in sorted(named - there))
        yield from (
            f"{folder / name} is none of the {whole.partitions} partitions" for name in sorted(there - named)
        )
    for name in sorted(_visible(folder) - there - {manifest.MANIFEST}):
        yield _stranger(folder, name)


def _unlisted(folder: Path, listed: set[str]) -> Iterator[str]:
    """What a partition's folder has that is not in its manifest."""
    for name in sorted(_visible(folder) - listed - {manifest.MANIFEST}):
        if segment.range_of(name) is not None:
            yield (
                f"{folder / name} is not in the manifest"
                " (a run that was ended leaves such a file; the next one takes it up)"
            )
        elif not _ASIDE.fullmatch(name):
            yield _stranger(folder, name)


def _visible(folder: Path) -> set[str]:
    """The names in a folder without those that begin with a dot: locks and what is being written."""
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def _stranger(folder: Path, name: str) -> str:
    return f"{folder} has {name!a}, which is no part of an archive"


def _notes(folder: Path) -> list[str]:
    return [
        f"{file} was found damaged once and is kept aside"
        for file in sorted(folder.iterdir())
        if _ASIDE.fullmatch(file.name)
    ]


def _partition_folders(root: Path) -> list[Path]:
    return sorted(folder for folder in root.rglob("p[0-9][0-9][0-9]") if _is_partition(folder))


def _is_partition(folder: Path) -> bool:
    return bool(_PARTITION.fullmatch(folder.name)) and folder.is_dir()
