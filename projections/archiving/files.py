"""Files that are either there whole, and on the disk, or not there. All are their owner's alone."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

BEING_WRITTEN: Final = ".writing-"
"""How the temporary names begin; whoever finds one under the folder's lock may remove it."""

ASIDE: Final = ".damaged"
"""In the name of a file that was found damaged and is kept aside."""


class ArchiveInUse(RuntimeError):
    """Another process writes this folder."""


def make_folder(folder: Path) -> None:
    """Makes it and what is missing above it, mode 0700, each entered in the one above for good."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync(folder.parent)


def begin(folder: Path, content: bytes) -> Path:
    """A file with a temporary name, mode 0600, whose content has reached the disk."""
    handle, name = tempfile.mkstemp(prefix=BEING_WRITTEN, dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def finish(begun: Path, name: str) -> None:
    """Gives it its name, in one step and for good; a file of that name is replaced."""
    begun.replace(begun.parent / name)
    _sync(begun.parent)


def put_aside(file: Path) -> Path:
    """Renames a damaged file, so that it can be looked at and is in nobody's way; answers where it is."""
    number = 1
    while (aside := file.with_name(f"{file.name}{ASIDE}-{number}")).exists():
        number += 1
    file.rename(aside)
    _sync(file.parent)
    return aside


def remove_leftovers(folder: Path) -> None:
    """Removes what a process that died had begun. Only under the folder's lock."""
    for file in folder.glob(f"{BEING_WRITTEN}*"):
        file.unlink()


@contextmanager
def locked(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Nobody else writes the folder meanwhile. Raises ArchiveInUse, if it is not to wait.

    The checkpoint's lock is not enough: a process whose connection dropped has lost it, and does not know.
    """
    with os.fdopen(os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveInUse(f"another process writes {folder}") from None
        yield


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
