"""What a folder of the archive should hold: one manifest a partition, and one for the whole that names them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec

from events import chain
from projections.archiving import files
from projections.archiving.segment import FORMAT, Digest, LedgerId, Number, PartitionNumber

MANIFEST: Final = "manifest.json"

MOST_PARTITIONS: Final = 256
"""That a ledger can be created with."""


class BadManifest(ValueError):
    """A manifest that cannot be read, or contradicts itself."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file. `sha256` and `bytes` are of the file as it lies there, compressed."""

    file: str
    first: Number
    last: Number
    previous_hash: Digest
    last_hash: Digest
    sha256: Digest
    bytes: Number


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A partition's files, in order and without a gap from position 1."""

    format: str
    ledger_id: LedgerId
    epoch: Number
    partition: PartitionNumber
    files: list[Entry]

    @property
    def last(self) -> int:
        """The position up to which it is archived."""
        return self.files[-1].last if self.files else 0

    @property
    def last_hash(self) -> str:
        """The hash at that position."""
        return self.files[-1].last_hash if self.files else chain.GENESIS.hex()

    def with_file(self, entry: Entry) -> Manifest:
        return msgspec.structs.replace(self, files=[*self.files, entry])

    def upto(self, position: int) -> Manifest:
        """Without the files that go beyond a position."""
        return msgspec.structs.replace(self, files=[entry for entry in self.files if entry.last <= position])


class Whole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The manifest of an epoch's folder: how many partitions it has, so that a missing one shows."""

    format: str
    ledger_id: LedgerId
    epoch: Number
    partitions: Annotated[int, msgspec.Meta(ge=1, le=MOST_PARTITIONS)]


Kind = TypeVar("Kind", Manifest, Whole)


def folder_name(partition: int) -> str:
    """The name of a partition's folder: p000, p001 …"""
    return f"p{partition:03}"


def read(folder: Path) -> Manifest | None:
    """A partition's manifest; None where there is none. Raises BadManifest, OSError."""
    found = _read(folder, Manifest)
    if found is not None:
        expected = 1
        for entry in found.files:
            if entry.first != expected or entry.last < entry.first:
                raise BadManifest(
                    f"{folder / MANIFEST}: {entry.file} does not follow position {expected - 1}"
                )
            expected = entry.last + 1
    return found


def read_whole(folder: Path) -> Whole | None:
    """An epoch's manifest; None where there is none. Raises BadManifest, OSError."""
    return _read(folder, Whole)


def write(folder: Path, content: Manifest | Whole) -> None:
    """Replaces the folder's manifest in one step. Raises OSError."""
    text = msgspec.json.format(msgspec.json.encode(content), indent=1)
    files.finish(files.begin(folder, text + b"\n"), MANIFEST)


def _read(folder: Path, kind: type[Kind]) -> Kind | None:
    try:
        text = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        return None
    try:
        found = msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadManifest(f"{folder / MANIFEST} is not a manifest: {error}") from error
    if found.format != FORMAT:
        raise BadManifest(f"{folder / MANIFEST} is of the format {found.format!a}, not {FORMAT}")
    # Of two equal keys each reader takes the one it likes.
    if msgspec.json.format(text, indent=-1) != msgspec.json.encode(found):
        raise BadManifest(
            f"{folder / MANIFEST} is not a manifest: its keys are not there once each and in order"
        )
    return found
