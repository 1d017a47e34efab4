"""Tables and counts of commands, as plain text: they go where the output goes, a terminal, a pipe or a test."""

from __future__ import annotations

import shutil
from typing import Final

from rich.console import Console
from rich.table import Table

_UNLIMITED: Final = 100_000
"""Columns of a pipe or a file: nothing is left out there."""


def written(table: Table, *, may_go: str | None = None) -> str:
    """The table's lines. No cell is ever broken or cut.

    `may_go`: the column that is left out where the terminal is too narrow for all; a line below says so.
    """
    width = shutil.get_terminal_size(fallback=(_UNLIMITED, 24)).columns
    lines = _lines(table)
    if may_go is not None and max(map(len, lines)) > width:
        table.columns = [column for column in table.columns if column.header != may_go]
        lines = [*_lines(table), f"({may_go}: in a wider terminal)"]
    return "\n".join(lines)


def counted(number: int, noun: str) -> str:
    """A number and what it counts: "1 event", "250,314 events"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _lines(table: Table) -> list[str]:
    table.box = None
    table.pad_edge = False
    console = Console(width=_UNLIMITED, no_color=True, highlight=False, markup=False)
    with console.capture() as captured:
        console.print(table)
    return [line.rstrip() for line in captured.get().splitlines()]
