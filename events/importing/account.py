"""What the command keeps of a run while it goes on: the report file, a few examples to show, the progress."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from events.importing.progress import Progress
from events.importing.report import Report, differs_from_total, entry
from events.importing.rows import Outcome, PlannedRow, Row
from events.importing.tally import Tally

SHOWN: Final = 10
"""Examples of each kind that the terminal shows; the report has all."""


@dataclass
class Account:
    """An importer's observer."""

    progress: Progress
    report: Report | None = None
    refused: list[str] = field(default_factory=list)
    partly: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is to be said of the files as a whole."""

    def row_settled(self, row: Row, outcome: Outcome, code: str, reason: str) -> None:
        difference = differs_from_total(row)
        if outcome is Outcome.IMPORTED and not difference:
            return
        if self.report is not None:
            self.report.write(entry(row, outcome, code, reason))
        if outcome in (Outcome.REFUSED, Outcome.PARTLY):
            examples = self.refused if outcome is Outcome.REFUSED else self.partly
            _keep(examples, f"{row.place}  {row.booking_id}  {code}: {reason}")
        elif difference and isinstance(row, PlannedRow):
            stated = f"states {row.total}, its events sum to {row.events_sum}"
            _keep(self.differing, f"{row.place}  {row.booking_id}  {stated}")

    def batch_done(self, tally: Tally) -> None:
        self.progress.update(tally)


def printable(text: str) -> str:
    """Text from a file as a terminal may get it: control characters and damaged bytes are escaped."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _keep(examples: list[str], line: str) -> None:
    if len(examples) < SHOWN:
        examples.append(printable(line))
