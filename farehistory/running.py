"""The folder of a running server: what its processes count, whether they are alive, whether they are to stop.

One for each web server and each worker in the services mode (`FAREHISTORY_RUN`), emptied when it starts; in the
embedded mode all share one in the state folder, which whoever starts them empties.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Final

import psutil

LOOK_EVERY_SECONDS: Final = 0.1
"""How often a process looks whether it is to stop, at most."""

logger = logging.getLogger(__name__)

_FIGURES: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where prometheus-client keeps a file for each process and kind; read when it is first imported."""


def prepare(folder: str) -> None:
    """Makes the folder, and lets this process count into it. Comes before the first import of prometheus_client."""
    if folder:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ[_FIGURES] = folder


def empty(folder: str) -> None:
    """Removes what an earlier run has left. Nobody may be counting into it."""
    for file in Path(folder).glob("*"):
        if file.suffix == ".db" or file.name in ("worker", "beat") or file.name.startswith(_STOPPING):
            file.unlink(missing_ok=True)


def note_alive(folder: str, what: str) -> None:
    """`worker` or `beat` is at work; a health check looks at the file's age."""
    if folder:
        Path(folder, what).touch(mode=0o600)


def forget_the_dead(folder: str) -> None:
    """Takes out what processes said of their present state that are no more. What they counted stays counted."""
    for file in Path(folder).glob("gauge_live*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            file.unlink(missing_ok=True)


_STOPPING: Final = "web-stopping-"
"""And the id of the server's main process: there may be others that share the folder."""


def begin_to_stop(folder: str) -> None:
    """Called by a server's main process. Readiness says so from now on, and each answer closes its connection.

    Where that cannot be written down, the server stops all the same.
    """
    try:
        Path(folder, f"{_STOPPING}{os.getpid()}").touch(mode=0o600)
    except OSError as error:
        logger.error("nobody is told that the server stops: %s", error)


def forget_to_stop(folder: str) -> None:
    """Called by a server's main process, before it begins and once it has ended."""
    Path(folder, f"{_STOPPING}{os.getpid()}").unlink(missing_ok=True)


def stopping_of(folder: str) -> Callable[[], bool]:
    """Whether the server whose process calls this is to stop, as a function that costs nothing most of the time."""
    file, looked_at, found = Path(folder, f"{_STOPPING}{os.getppid()}"), 0.0, False

    def is_stopping() -> bool:
        nonlocal looked_at, found
        now = monotonic()
        if folder and now - looked_at >= LOOK_EVERY_SECONDS:
            looked_at, found = now, file.exists()
        return found

    return is_stopping
