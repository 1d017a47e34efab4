"""What is kept of single rows of an import: a line for each that is not plainly in, and the first of each kind to show.

A run has two such files, its dry run's and its own; both stay with the record.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from events.csv_cells import safe_row
from events.importing.account import printable
from events.importing.report import FIELDS, differs_from_total, entry
from events.importing.rows import Outcome, Row
from events.importing.tally import Tally
from events.transfers.folder import going_on

OF_CHECK: Final = "check.jsonl"
OF_IMPORT: Final = "import.jsonl"

SHOWN: Final = {
    Outcome.REFUSED: 50,
    Outcome.PARTLY: 50,
    Outcome.REPLAYED: 10,
    Outcome.IMPORTED: 10,
}
"""How many rows of an outcome a page shows. Of those that are in, the ones whose stated total differs."""

_LONGEST: Final = 300


@dataclass
class Rows:
    """What one step has to say of its rows: an importer's observer."""

    lines: list[bytes] = field(default_factory=list)
    first: list[dict[str, Any]] = field(default_factory=list)

    def row_settled(self, row: Row, outcome: Outcome, code: str, reason: str) -> None:
        if outcome is Outcome.IMPORTED and not differs_from_total(row):
            return
        said = entry(row, outcome, code, reason)
        # Escapes stay: a damaged file's bytes come as lone surrogates, which UTF-8 cannot hold.
        self.lines.append(json.dumps(said).encode() + b"\n")
        if sum(each["outcome"] == outcome.value for each in self.first) < SHOWN[outcome]:
            self.first.append(_shown(said))

    def batch_done(self, tally: Tally) -> None:
        """Nothing: the step is the batch."""

    def written(self, path: Path, size: int) -> int:
        """Writes the lines behind the first `size` bytes of the file; answers its size then."""
        if not self.lines:
            return size
        with going_on(path, size) as file:
            file.writelines(self.lines)
        return size + sum(map(len, self.lines))


def shown_with(before: list[dict[str, Any]], more: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows to show once those of another step have come, the first of each outcome."""
    found = list(before)
    for each in more:
        if sum(one["outcome"] == each["outcome"] for one in found) < SHOWN[Outcome(each["outcome"])]:
            found.append(each)
    return found


def as_jsonl(path: Path, size: int) -> Iterator[bytes]:
    """The first `size` bytes of the file, which are whole lines."""
    with path.open("rb") as file:
        while size > 0 and (part := file.read(min(size, 64 * 1024))):
            size -= len(part)
            yield part


def entries(path: Path, size: int) -> Iterator[dict[str, Any]]:
    """The same, read."""
    with path.open("rb") as file:
        while size > 0 and (line := file.readline()):
            size -= len(line)
            yield json.loads(line)


def as_csv(path: Path, size: int) -> Iterator[bytes]:
    """The same as CSV that a spreadsheet may open."""
    yield _csv_lines([FIELDS])
    for each in entries(path, size):
        yield _csv_lines([each.values()])


class Echo:
    """What a CSV writer writes into, to answer the line itself."""

    def write(self, text: str) -> str:
        return text


def _csv_lines(rows: Iterable[Iterable[object]]) -> bytes:
    writer = csv.writer(Echo())
    return "".join(str(writer.writerow(safe_row(row))) for row in rows).encode()


def _shown(said: dict[str, Any]) -> dict[str, Any]:
    """What a page needs of it, in characters that it and PostgreSQL take."""
    names = ("line", "booking_id", "outcome", "code", "reason", "currency", "difference")
    return {
        name: printable(value)[:_LONGEST] if isinstance(value := said[name], str) else value for name in names
    }
