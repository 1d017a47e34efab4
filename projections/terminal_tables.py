"""Tables of commands, as plain text: they go where the command's output goes, a terminal, a pipe or a test."""

from __future__ import annotations

import shutil

from rich.console import Console
from rich.table import Table

_NARROWEST = 100


def written(table: Table) -> str:
    """The table's lines, as wide as the terminal, but never so narrow that values are cut."""
    table.box = None
    table.pad_edge = False
    console = Console(
        width=max(_NARROWEST, shutil.get_terminal_size().columns), no_color=True, highlight=False
    )
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip("\n")
