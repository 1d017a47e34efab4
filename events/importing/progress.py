"""How far an import is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from events.importing.rows import Outcome
from events.importing.tally import Tally
from events.progress_bar import ProgressBar


class Progress(ProgressBar):
    """Use as a context manager, and `update` after each batch. Writes to `stream`; nothing if quiet."""

    def __init__(self, stream: TextIO, *, percent_read: Callable[[], float | None], quiet: bool) -> None:
        """`percent_read` says how much of the files was read, 0 to 100; None where that cannot be known."""
        super().__init__(stream, "reading …", quiet=quiet)
        self._percent_read = percent_read
        self._began = time.monotonic()

    def update(self, tally: Tally) -> None:
        percent = self._percent_read()
        self.show(self._text(tally, percent), percent)

    def _text(self, tally: Tally, percent: float | None) -> str:
        rate = tally.rows() / max(time.monotonic() - self._began, 0.001)
        part = "" if percent is None else f"{percent:.0f} % read, "
        refused = tally.rows(Outcome.REFUSED) + tally.rows(Outcome.PARTLY)
        done = f"{tally.rows():,} rows ({rate:,.0f} a second), {tally.events:,} events"
        return f"{part}{done}, {refused:,} refused"
