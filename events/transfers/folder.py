"""A run's own folder under FAREHISTORY_TRANSFERS, which web and workers share. Its files are their owner's alone."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from django.conf import settings

IMPORTED: Final = "imported"
"""The file that is imported."""
EXPORTED: Final = "exported"
"""The file that an export writes."""
SEEN: Final = "seen.sqlite"
"""What a dry run has seen so far."""
_LOCK: Final = ".lock"


class FilesAway(RuntimeError):
    """The files of a run are not where this process looks for them."""


def is_on() -> bool:
    """Whether FAREHISTORY_TRANSFERS names a folder."""
    return bool(settings.FAREHISTORY_TRANSFERS)


def folder_of(run_id: UUID) -> Path:
    """Where a run's files lie. Raises FilesAway where no folder is configured."""
    if not is_on():
        raise FilesAway("FAREHISTORY_TRANSFERS names no folder")
    return Path(settings.FAREHISTORY_TRANSFERS) / str(run_id)


def make(run_id: UUID) -> Path:
    """Makes a run's folder, mode 0700."""
    folder = folder_of(run_id)
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync(folder.parent)
    return folder


@contextmanager
def held(run_id: UUID) -> Iterator[bool]:
    """Whether the run is this process's alone meanwhile; a process that dies lets go of it. Raises FilesAway."""
    try:
        handle = os.open(folder_of(run_id) / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError as error:
        raise FilesAway(f"there is no folder of run {run_id} under FAREHISTORY_TRANSFERS") from error
    with os.fdopen(handle, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def going_on(path: Path, size: int) -> Iterator[BinaryIO]:
    """A file to be written from this size on: what a step that was not finished left behind it is cut off.

    At the end of the block everything is on the disk.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(handle, "wb") as file:
        if os.fstat(handle).st_size < size:
            raise FilesAway(f"{path.name} of this run has lost its end: it had {size} bytes")
        file.truncate(size)
        file.seek(size)
        yield file
        file.flush()
        os.fsync(handle)


def remove(run_id: UUID, *names: str) -> None:
    """Removes these files of a run; without names, all that it has."""
    folder = folder_of(run_id)
    if not names:
        shutil.rmtree(folder, ignore_errors=True)
    for name in names:
        (folder / name).unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Brings the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
