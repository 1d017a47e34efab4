"""The complete account of an import, row by row: JSON Lines, or CSV if the file is called so.

A row that was imported and sums to the total it states is not listed; every other one is.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from events.csv_cells import safe_row
from events.importing.rows import ImportFailed, Outcome, PlannedRow, Row

FIELDS = (
    "file", "line", "booking_id", "outcome", "code", "reason", "currency", "total", "events_sum",
    "difference",
)  # fmt: skip
"""`total` is what the row states, `difference` is total less events_sum. Empty where there is none."""


def entry(row: Row, outcome: Outcome, code: str, reason: str) -> dict[str, Any]:
    """A row's line of the report."""
    events_sum = row.events_sum if isinstance(row, PlannedRow) else None
    differs = differs_from_total(row)
    return {
        "file": row.place.file,
        "line": row.place.line,
        "booking_id": row.booking_id,
        "outcome": outcome.value,
        "code": code or ("total_differs" if differs else ""),
        "reason": reason or ("its events do not sum to the total it states" if differs else ""),
        "currency": row.currency,
        "total": _text(row.total),
        "events_sum": _text(events_sum),
        "difference": _text(differs or None),
    }


def differs_from_total(row: Row) -> Decimal:
    """The total that a row states, less what its events come to."""
    return row.total - row.events_sum if isinstance(row, PlannedRow) else Decimal(0)


def _text(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:f}"


class Report:
    """Writes entries to a file, each as it is known, so that a run that is stopped leaves what it has."""

    def __init__(self, path: str) -> None:
        """Raises ImportFailed if the file cannot be written."""
        try:
            self._file = Path(path).open("w", encoding="utf-8", newline="")  # noqa: SIM115 - __exit__ closes it
        except OSError as error:
            raise ImportFailed(f"{path}: {error.strerror or error}") from None
        self.write = self._csv() if path.lower().endswith(".csv") else self._json

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _json(self, entry: dict[str, Any]) -> None:
        # Escapes stay: a damaged file's bytes come as lone surrogates, which UTF-8 cannot hold.
        self._file.write(json.dumps(entry) + "\n")

    def _csv(self) -> Callable[[dict[str, Any]], None]:
        writer = csv.DictWriter(self._file, FIELDS)
        writer.writeheader()
        return lambda entry: writer.writerow(dict(zip(FIELDS, safe_row(entry.values()), strict=True)))
