"""What a run has counted so far, as its record keeps it from step to step: rows and money per currency and outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Self

from events.importing.rows import Outcome
from events.importing.tally import Sum, Tally

READ: Final = "read"
"""What came from the file, beside the outcomes of rows."""


@dataclass
class Counts:
    """Rows and totals, added up over the tallies of the steps."""

    sums: dict[tuple[str, str], Sum] = field(default_factory=dict)
    """(currency, an outcome or `READ`) → rows and money; "" is no currency."""
    events: int = 0
    """Events that were appended; in a dry run, those that would be."""
    voids: int = 0
    differing: int = 0
    """Rows that are in, with a total that is not the sum of their amounts."""

    @classmethod
    def of(cls, kept: dict[str, Any] | None) -> Self:
        """As a record has them."""
        if not kept:
            return cls()
        sums = {
            (currency, what): Sum(rows, Decimal(total), Decimal(events_sum), unreadable)
            for currency, what, rows, total, events_sum, unreadable in kept["sums"]
        }
        return cls(sums, kept["events"], kept["voids"], kept["differing"])

    def kept(self) -> dict[str, Any]:
        """For a record: the amounts as texts, since they are exact."""
        sums = [
            [currency, what, each.rows, str(each.total), str(each.events_sum), each.unreadable]
            for (currency, what), each in sorted(self.sums.items())
        ]
        return {"sums": sums, "events": self.events, "voids": self.voids, "differing": self.differing}

    def add(self, tally: Tally) -> None:
        """What one step counted."""
        for currency, each in tally.read.items():
            self._add(currency, READ, each)
        for (outcome, currency), each in tally.outcomes.items():
            self._add(currency, outcome.value, each)
        self.events += tally.events
        self.voids += tally.voids
        self.differing += sum(tally.differences.values())

    def rows(self, *what: str) -> int:
        """Rows of these outcomes, or `READ`, in all currencies."""
        return sum(each.rows for (_, of), each in self.sums.items() if of in what)

    def of_currency(self, currency: str, what: str) -> Sum:
        return self.sums.get((currency, what), Sum())

    @property
    def currencies(self) -> list[str]:
        return sorted({currency for currency, _ in self.sums})

    @property
    def refused(self) -> int:
        """Rows that a person has to look at."""
        return self.rows(Outcome.REFUSED, Outcome.PARTLY)

    def _add(self, currency: str, what: str, more: Sum) -> None:
        to = self.sums.setdefault((currency, what), Sum())
        to.rows += more.rows
        to.total += more.total
        to.events_sum += more.events_sum
        to.unreadable += more.unreadable
