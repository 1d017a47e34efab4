"""The folder that files to be imported are named in: FAREHISTORY_IMPORT_FOLDER, and nothing outside of it.

A path is followed one name after the other, and no symbolic link on the way: so none leads out, also not one that is
put there between looking and opening.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings
from django.utils.translation import gettext as _

MOST_LISTED: Final = 200
_DEPTH: Final = 4
_LONGEST: Final = 500


class NotThere(ValueError):
    """No file of that name can be imported; says why."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of the folder."""

    path: str
    size: int


def is_on() -> bool:
    """Whether a folder is configured."""
    return bool(settings.FAREHISTORY_IMPORT_FOLDER)


def ensure() -> None:
    """Makes the folder where it is missing, so that there is one to put files into. Best effort."""
    if is_on():
        with suppress(OSError):
            Path(settings.FAREHISTORY_IMPORT_FOLDER).mkdir(mode=0o700, exist_ok=True)


@contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """The file of this path in the folder. Raises NotThere."""
    handle = _open(path)
    with os.fdopen(handle, "rb") as file:
        yield file


def listed() -> list[Listed]:
    """The first files of the folder, by name; none if it cannot be read."""
    root = Path(settings.FAREHISTORY_IMPORT_FOLDER or os.devnull)
    found: list[Listed] = []
    for folder, names, files in os.walk(root, followlinks=False):
        here = Path(folder)
        depth = len(here.relative_to(root).parts)
        names[:] = sorted(name for name in names if not name.startswith(".")) if depth < _DEPTH - 1 else []
        for name in sorted(files):
            file = here / name
            if name.startswith(".") or not _is_file(file):
                continue
            found.append(Listed(str(file.relative_to(root)), file.stat().st_size))
            if len(found) >= MOST_LISTED:
                return found
    return found


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _open(path: str) -> int:
    if not is_on():
        raise NotThere(_("No import folder is configured."))
    parts = path.split("/")
    if len(path) > _LONGEST or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise NotThere(
            _("Name a file inside the import folder, such as 2026-05/trips.csv, without a slash in front.")
        )
    try:
        return _walked(parts)
    except OSError as error:
        raise NotThere(_not_there(path)) from error


def _walked(parts: list[str]) -> int:
    at = os.open(settings.FAREHISTORY_IMPORT_FOLDER, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        file = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
    finally:
        os.close(at)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise FileNotFoundError
    return file


def _not_there(path: str) -> str:
    return _("The import folder has no file %(path)s that can be read. Links are not followed.") % {
        "path": path
    }
