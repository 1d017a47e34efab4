"""Counts and sums: what was read, what became of it, and that the two agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from events.importing.rows import Outcome, PlannedRow, Row


@dataclass(slots=True)
class Sum:
    """Rows of one currency, the total that they state, and what their events come to."""

    rows: int = 0
    total: Decimal = Decimal(0)
    events_sum: Decimal = Decimal(0)
    unreadable: int = 0
    """Rows among them whose total cannot be read: they are in `rows` and in no sum."""

    def add(self, row: Row) -> None:
        self.rows += 1
        if row.total is None:
            self.unreadable += 1
            return
        self.total += row.total
        if isinstance(row, PlannedRow):
            self.events_sum += row.events_sum


@dataclass
class Tally:
    """`read` is added up as rows come from the file, `outcomes` as they are settled: two separate counts."""

    read: defaultdict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    outcomes: defaultdict[tuple[Outcome, str], Sum] = field(default_factory=lambda: defaultdict(Sum))
    differences: Counter[tuple[str, Decimal]] = field(default_factory=Counter)
    """(currency, stated total less what the events sum to) → rows, of those that were not refused."""
    events: int = 0
    """Events that were appended; in a dry run, those that would be."""
    voids: int = 0
    """Rows, imported or replayed, that took another row's fare back."""

    def row_read(self, row: Row) -> None:
        self.read[row.currency].add(row)

    def settled(self, row: Row, outcome: Outcome, events: int = 0) -> None:
        """`events`: how many of the row's events were newly appended."""
        self.outcomes[outcome, row.currency].add(row)
        self.events += events
        if outcome is not Outcome.REFUSED and isinstance(row, PlannedRow):
            self.voids += row.reverses is not None
            if row.total != row.events_sum:
                self.differences[row.currency, row.total - row.events_sum] += 1

    def rows(self, outcome: Outcome | None = None) -> int:
        """Rows with this outcome; all that were read where none is given."""
        if outcome is None:
            return sum(read.rows for read in self.read.values())
        return sum(part.rows for (of, _), part in self.outcomes.items() if of is outcome)

    def balances(self) -> bool:
        """Whether, in every currency, the outcomes add up to what was read: in rows and in money."""
        return all(
            part.rows == sum(self.outcomes[outcome, currency].rows for outcome in Outcome)
            and part.total == sum(self.outcomes[outcome, currency].total for outcome in Outcome)
            for currency, part in self.read.items()
        )
