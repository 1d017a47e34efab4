"""A rebuild as a terminal shows it: a bar while it goes on, lines where there is none, then what differs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final, TextIO

from rich.console import Console
from rich.table import Table

from events.progress_bar import ProgressBar
from projections.models import Drift, Rebuild
from projections.rebuild.figures import Progress, progress

SHOWN: Final = 20
SECONDS_BETWEEN_LOOKS: Final = 0.2


class ProgressShown(ProgressBar):
    """Use as a context manager, and call it between steps. Writes to `stream`."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream, "beginning …")
        self._last_look = 0.0
        self._last_state = ""

    def __call__(self, rebuild: Rebuild) -> None:
        now = time.monotonic()
        is_new_state = rebuild.state != self._last_state
        if now - self._last_look < SECONDS_BETWEEN_LOOKS and not is_new_state:
            return
        self._last_look, self._last_state = now, rebuild.state
        figures = progress(rebuild)
        text = words(figures, is_partial=rebuild.is_partial)
        self.show(text, figures.percent, at_once=is_new_state)


def words(figures: Progress, *, is_partial: bool = False) -> str:
    """Progress in one line. Of some partitions nothing is swapped: their rows are put right."""
    parts = [f"{figures.events_done:,} of {figures.events_total:,} events"]
    if figures.rate is not None and figures.state == Rebuild.State.BUILDING:
        parts.append(f"{figures.rate:,.0f} a second")
    if figures.eta_seconds is not None and figures.state == Rebuild.State.BUILDING:
        parts.append(f"{figures.eta_seconds:,.0f} s to go")
    if figures.state == Rebuild.State.COMPARING:
        parts.append(f"{figures.partitions_compared} of {figures.partitions} partitions compared")
    state = "putting right" if is_partial and figures.state == Rebuild.State.SWAPPING else figures.state
    return f"{state}: {', '.join(parts)}"


def differences(rebuild: Rebuild, stream: TextIO) -> None:
    """The first rows that differ: what is stored, what the ledger gives, from which version on."""
    rows = Drift.objects.filter(rebuild=rebuild).order_by("partition", "booking_id", "pk")[:SHOWN]
    lines = [line for row in rows for line in _lines(row)]
    if not lines:
        return
    console = Console(file=stream, markup=False)  # a value may look like markup
    if console.is_terminal:
        table = Table("row", "column", "stored", "rebuilt", "from version")
        for line in lines:
            table.add_row(*line)
        console.print(table)
    else:
        for name, column, stored, rebuilt, first in lines:
            stream.write(
                f"{name}  {column}: stored {stored}, rebuilt {rebuilt}{first and f', from version {first}'}\n"
            )
    if rebuild.differences > SHOWN:
        stream.write(f"… and {rebuild.differences - SHOWN:,} more\n")


def rows_that_differ(rebuild: Rebuild) -> str:
    """ "1 row differs"; once they are put right: "1 row differed"."""
    number = rebuild.differences
    if rebuild.state == Rebuild.State.DONE:
        return f"{number:,} {'row' if number == 1 else 'rows'} differed"
    return f"{number:,} {'row differs' if number == 1 else 'rows differ'}"


def what_was_done(rebuild: Rebuild) -> str:
    """The second half of the sentence on a rebuild that is done."""
    if rebuild.is_partial:
        rows = "those rows were put right where they are" if rebuild.differences else "nothing was changed"
        return f"{rows}, and nothing was swapped."
    waited = "" if rebuild.swap_ms is None else f" Readers could have waited {rebuild.swap_ms:.1f} ms."
    return f"the rebuilt one is in its place.{waited}"


def _lines(row: Drift) -> Iterator[tuple[str, str, str, str, str]]:
    """A line for each column that differs, or one for a row that is missing or too many."""
    name = row.booking_id or " ".join(f"{key}={value}" for key, value in row.key.items())
    first = "" if row.first_version is None else str(row.first_version)
    stored, rebuilt = row.stored, row.rebuilt
    if stored is None or rebuilt is None:
        yield name, "(whole row)", _value(stored), _value(rebuilt), first
        return
    for column in rebuilt:
        if column in stored and stored[column] != rebuilt[column]:
            yield name, column, _value(stored[column]), _value(rebuilt[column]), first


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={each}" for key, each in value.items())
    return "none" if value is None else str(value)
