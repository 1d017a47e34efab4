"""How far something is: a bar on a terminal, a line every few seconds where there is none."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

SECONDS_BETWEEN_LINES: Final = 5.0


class ProgressBar:
    """Use as a context manager, and `show` after each step. Writes to `stream`; nothing if quiet."""

    def __init__(self, stream: TextIO, words: str, *, quiet: bool = False) -> None:
        self._stream = stream
        self._quiet = quiet
        self._last_line = time.monotonic()
        console = Console(file=stream)
        self._bar: Progress | None = None
        if console.is_terminal and not quiet:
            columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            self._bar = Progress(*columns, console=console, transient=True)
            self._task = self._bar.add_task(words, total=100)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, words: str, percent: float | None, *, at_once: bool = False) -> None:
        """`percent`: 0 to 100, None where it cannot be known. `at_once`: also where a line was just written."""
        now = time.monotonic()
        if self._bar is not None:
            total = None if percent is None else 100
            self._bar.update(self._task, description=words, completed=percent or 0, total=total)
        elif not self._quiet and (at_once or now - self._last_line >= SECONDS_BETWEEN_LINES):
            self._last_line = now
            self._stream.write(words + "\n")
            self._stream.flush()
