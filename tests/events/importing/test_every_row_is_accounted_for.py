"""Whatever a trip file holds: its rows and totals are found again, once each, in imported, replayed and refused."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from events.history import head_of
from events.importing.rows import PlannedRow
from tests.events.importing.builders import AMOUNTS, Trip, csv_file, green, import_fares, read_tlc, void_of

KINDS: dict[str, Callable[[Trip], Trip]] = {
    "as it is": lambda trip: trip,
    "void": void_of,
    "void with another tip": lambda trip: void_of(trip, tip_amount="1"),
    "other amounts": lambda trip: trip | {"tip_amount": "3.33", "total_amount": "10.13"},
    "other payment": lambda trip: trip | {"payment_type": "4"},
    "another total": lambda trip: trip | {"total_amount": "1.00"},
    "no base": lambda trip: trip | {"fare_amount": ""},
    "no total": lambda trip: trip | {"total_amount": ""},
    "no number": lambda trip: trip | {"tolls_amount": "x"},
    "unreadable total": lambda trip: trip | {"total_amount": "x"},
    "negative extra": lambda trip: trip | {"extra": "-0.5", "total_amount": "5.80"},
    "below zero": lambda trip: trip | {"extra": "-50", "total_amount": "-43.70"},
    "no time": lambda trip: trip | {"lpep_dropoff_datetime": ""},
}


@st.composite
def files(draw: st.DrawFn) -> list[Trip]:
    """Up to 12 rows about up to 3 trips: as they are, taken back, contradicted, damaged, in any order."""
    trips = [green() for _ in range(3)]
    rows = draw(st.lists(st.tuples(st.sampled_from(trips), st.sampled_from(sorted(KINDS))), max_size=12))
    return [KINDS[kind](trip) for trip, kind in rows]


def readable_total(row: Trip) -> Decimal:
    """What a row counts for: its total; where it states none, the sum of its amounts; nothing if unreadable."""
    if row["total_amount"]:
        return Decimal(0) if row["total_amount"] == "x" else Decimal(row["total_amount"])
    return sum((Decimal(row[name] or 0) for name in AMOUNTS), Decimal(0))


@settings(max_examples=30, deadline=None)
@given(rows=files(), times=st.integers(1, 2))
def test_rows_and_totals_of_the_outcomes_are_those_of_the_file(rows: list[Trip], times: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = csv_file(folder, rows)
        run = import_fares(folder, *[path] * times)
        if not rows:
            assert (run.code, "0 rows" in run.out) == (0, True)
            return
        kinds = ("imported", "replayed", "refused")
        assert sum(run.count(kind) for kind in kinds) == run.count("read") == times * len(rows)
        expected = times * sum(map(readable_total, rows), Decimal(0))
        assert sum(run.total(kind) for kind in kinds) == run.total("read") == expected
        assert "Rows and totals of the outcomes add up to what was read." in run.out
        assert run.code == (1 if run.count("refused") else 0)
        assert fares_in_the_ledger(path) == run.events_sum("imported")


def fares_in_the_ledger(path: Path) -> Decimal:
    """The sum of the fares, as they are now, of all bookings that the file is about."""
    bookings = {row.booking_id for row in read_tlc(path) if isinstance(row, PlannedRow)}
    heads = [head_of(booking_id) for booking_id in bookings]
    return sum((head.fare for head in heads if head is not None), Decimal(0))
