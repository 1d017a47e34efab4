"""Words for the import's tests: rows of trip files, files of them, and what a run of the command tells."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from events.event import FareEvent
from events.history import events_of
from events.importing import tlc
from events.importing.files import open_source
from events.importing.rows import PlannedRow, RefusedRow, Row

TLC_FILES = Path(__file__).resolve().parents[4] / "shared" / "data" / "tlc"

AMOUNTS = [
    "fare_amount",
    "extra",
    "mta_tax",
    "tip_amount",
    "tolls_amount",
    "ehail_fee",
    "improvement_surcharge",
    "congestion_surcharge",
]
GREEN = [
    "VendorID",
    "lpep_pickup_datetime",
    "lpep_dropoff_datetime",
    "store_and_fwd_flag",
    "RatecodeID",
    "PULocationID",
    "DOLocationID",
    "passenger_count",
    "trip_distance",
    *AMOUNTS,
    "total_amount",
    "payment_type",
    "trip_type",
]

Trip = dict[str, str]


def green(**values: str) -> Trip:
    """A green trip that no other test has, by its distance. Its base fare is 5.50, its total 6.80."""
    trip = {
        "VendorID": "2",
        "lpep_pickup_datetime": "2021-01-01 00:15:56",
        "lpep_dropoff_datetime": "2021-01-01 00:19:52",
        "store_and_fwd_flag": "N",
        "RatecodeID": "1",
        "PULocationID": "43",
        "DOLocationID": "151",
        "passenger_count": "1",
        "trip_distance": f"{random.SystemRandom().randrange(10**15)}.1",
        "fare_amount": "5.5",
        "extra": "0.5",
        "mta_tax": "0.5",
        "tip_amount": "0.0",
        "tolls_amount": "0.0",
        "ehail_fee": "",
        "improvement_surcharge": "0.3",
        "payment_type": "2",
        "trip_type": "1",
        "congestion_surcharge": "0.0",
    }
    trip |= values
    if "total_amount" not in trip:
        trip["total_amount"] = str(sum((Decimal(trip[name] or 0) for name in AMOUNTS), Decimal(0)))
    return trip


def void_of(trip: Mapping[str, str], **values: str) -> Trip:
    """The row that takes a trip's fare back: its amounts turned, and usually another payment type."""
    turned = {name: f"{-Decimal(trip[name])}" for name in (*AMOUNTS, "total_amount") if trip[name]}
    return {**trip, **turned, "payment_type": "3", **values}


def csv_file(folder: Path, rows: Sequence[Mapping[str, str]], columns: Sequence[str] = GREEN) -> Path:
    """A file of its own with these rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return a_file(folder, text.getvalue())


def a_file(folder: Path, content: str | bytes, suffix: str = "csv") -> Path:
    path = folder / f"{random.SystemRandom().randrange(10**12)}.{suffix}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read_tlc(path: Path) -> list[Row]:
    """The file's rows, without the ledger."""
    return list(tlc.read(open_source(str(path))))


def planned(row: Row) -> PlannedRow:
    assert isinstance(row, PlannedRow), row
    return row


def refused(row: Row) -> RefusedRow:
    assert isinstance(row, RefusedRow), row
    return row


def changes(row: PlannedRow) -> list[str]:
    """A row's events in a few characters each: "SET base_fare 5.50"."""
    return [f"{event.type} {event.component} {event.amount}" for event in row.events]


@dataclass
class Run:
    """What a run of the command told."""

    code: int
    out: str
    error: str
    report: list[dict[str, Any]]

    def count(self, outcome: str) -> int:
        """The rows of an outcome, from the one table of the summary."""
        return int(self._fields(outcome)[0].replace(",", ""))

    def total(self, outcome: str) -> Decimal:
        """The stated totals of an outcome, likewise."""
        return Decimal(self._fields(outcome)[1].replace(",", ""))

    def events_sum(self, outcome: str) -> Decimal:
        """What the events of an outcome come to, likewise."""
        return Decimal(self._fields(outcome)[2].replace(",", ""))

    def _fields(self, outcome: str) -> list[str]:
        lines = [line for line in self.out.splitlines() if line.startswith(f"{outcome} ")]
        assert len(lines) == 1, self.out
        return lines[0].removeprefix(outcome).split()


def import_fares(folder: Path, *files: Path | str, **options: Any) -> Run:
    """Runs the command with a report."""
    out, error = io.StringIO(), io.StringIO()
    report = folder / f"report-{random.SystemRandom().randrange(10**12)}.jsonl"
    arguments = {"format": "tlc", "report": str(report), "quiet": True, **options}
    code, message = 0, ""
    try:
        call_command("import_fares", *map(str, files), stdout=out, stderr=error, **arguments)
    except SystemExit as ended:
        code = int(str(ended.code))
    except CommandError as failed:
        code, message = failed.returncode, str(failed)
    lines = report.read_text().splitlines() if report.exists() else []
    return Run(code, out.getvalue(), message or error.getvalue(), [json.loads(line) for line in lines])


def bookings_of(path: Path) -> list[str]:
    """The booking of each row of a trip file."""
    return [planned(row).booking_id for row in read_tlc(path)]


def history(booking_id: str) -> list[FareEvent]:
    return events_of(booking_id)


def needs_tlc_files() -> Path:
    """The folder of the real trip files; the test is skipped where there are none."""
    if not TLC_FILES.is_dir():
        pytest.skip(f"no trip files in {TLC_FILES}")
    return TLC_FILES
