"""How far an import is: a bar on a terminal, a line every few seconds where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from events.importing.rows import Outcome
from events.importing.tally import Tally

SECONDS_BETWEEN_LINES: Final = 5.0


class Progress:
    """Use as a context manager, and `update` after each batch. Writes to `stream`; nothing if quiet."""

    def __init__(self, stream: TextIO, *, percent_read: Callable[[], float | None], quiet: bool) -> None:
        """`percent_read` says how much of the files was read, 0 to 100; None where that cannot be known."""
        self._stream = stream
        self._percent_read = percent_read
        self._began = self._last_line = time.monotonic()
        self._quiet = quiet
        console = Console(file=stream)
        self._bar: Bar | None = None
        if console.is_terminal and not quiet:
            columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            self._bar = Bar(*columns, console=console, transient=True)
            self._task = self._bar.add_task("reading …", total=100)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, tally: Tally) -> None:
        percent = self._percent_read()
        text = self._text(tally, percent)
        if self._bar is not None:
            total = None if percent is None else 100
            self._bar.update(self._task, description=text, completed=percent or 0, total=total)
        elif not self._quiet and time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            self._stream.write(text + "\n")
            self._stream.flush()

    def _text(self, tally: Tally, percent: float | None) -> str:
        rate = tally.rows() / max(time.monotonic() - self._began, 0.001)
        part = "" if percent is None else f"{percent:.0f} % read, "
        refused = tally.rows(Outcome.REFUSED) + tally.rows(Outcome.PARTLY)
        done = f"{tally.rows():,} rows ({rate:,.0f} a second), {tally.events:,} events"
        return f"{part}{done}, {refused:,} refused"
