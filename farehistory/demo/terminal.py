"""What the demo tells: steps as they are done, status lines, and at the end where everything is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from farehistory.demo.record import Record
from farehistory.sample.bookings import FIRST_BOOKING

Progress = Callable[[int, int], None]


class Terminal:
    """Colours and a moving spinner on a terminal; plain lines in a file or a pipe."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def say(self, line: str) -> None:
        self._console.print(escape(line))

    @contextmanager
    def step(self, title: str) -> Iterator[Progress]:
        """Show a step as under way, then as done, with its seconds; yields where to report progress."""
        began = time.monotonic()
        with self._console.status(title) as status:
            yield lambda done, total: status.update(f"{title} ({done} of {total} events)")
        self._console.print(f"[green]done[/]  {title} [dim]({time.monotonic() - began:.1f} s)[/]")

    def tell_where(self, record: Record, file: Path, logs: Path) -> None:
        """The addresses, accounts and keys."""
        self._list(
            "Fare history is running",
            {
                "Admin": f"{record.url}/admin/",
                "API": f"{record.url}/api/docs",
                "Logs": str(logs),
                "All this": str(file),
            },
        )
        self._list("Accounts (user name, password)", record.passwords)
        self._list("API keys (source, key)", record.api_keys)
        self._list("Try", {"A fare": _curl(record), "To stop": "Ctrl-C"})

    def _list(self, title: str, lines: dict[str, str]) -> None:
        self._console.print(f"\n[bold]{escape(title)}[/]")
        for name, value in lines.items():
            self._console.print(f"  {escape(name):<14}{escape(value)}")


def _curl(record: Record) -> str:
    key = record.api_keys["demo"]
    return f'curl -H "Authorization: Bearer {key}" {record.url}/api/v1/fares/{FIRST_BOOKING}'
