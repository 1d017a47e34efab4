"""Rows that take another row back, and rows that did not come in whole."""

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from events import ledger
from events.event import Origin
from events.importing import summary
from events.importing.account import Account
from events.importing.importer import Importer
from events.importing.progress import Progress
from events.importing.rows import Outcome, PlannedRow
from tests.builders import add, append, set_
from tests.events.importing.builders import (
    bookings_of,
    csv_file,
    green,
    history,
    import_fares,
    planned,
    read_tlc,
    void_of,
)


@pytest.mark.parametrize("void_first", [True, False])
def test_a_void_takes_its_trip_back_to_zero_wherever_it_stands(tmp_path: Path, void_first: bool) -> None:
    trip = green(tip_amount="2.00")
    rows = [void_of(trip), green(), trip] if void_first else [trip, green(), void_of(trip)]
    path = csv_file(tmp_path, rows)
    run = import_fares(tmp_path, path)
    assert (run.code, run.count("imported"), run.total("imported")) == (0, 3, Decimal("6.80"))
    assert "Taking another row's fare back to zero, with a negative total: 1 row." in run.out
    events = history(bookings_of(path)[0])
    assert (str(events[-1].fare), len(events)) == ("0.00", 10)
    assert set(map(str, events[-1].components.values())) == {"0.00"}
    assert events[5].metadata["payment_type"] == 3  # type: ignore[index]
    assert events[5].description == "Void: the file takes this fare back"


def test_a_void_finds_its_trip_in_a_later_file_and_in_an_earlier_run(tmp_path: Path) -> None:
    trip, earlier = green(), green()
    import_fares(tmp_path, csv_file(tmp_path, [earlier]))
    voids, trips = csv_file(tmp_path, [void_of(trip), void_of(earlier)]), csv_file(tmp_path, [trip])
    run = import_fares(tmp_path, voids, trips)
    assert (run.code, run.count("imported"), run.total("imported")) == (0, 3, Decimal("-6.80"))
    assert [str(history(booking_id)[-1].fare) for booking_id in bookings_of(voids)] == ["0.00", "0.00"]


def test_a_void_without_its_trip_is_refused_and_comes_in_once_the_trip_is_there(tmp_path: Path) -> None:
    trip = green()
    void = csv_file(tmp_path, [void_of(trip)])
    run = import_fares(tmp_path, void)
    assert (run.code, run.count("refused"), run.report[0]["code"]) == (1, 1, "trip_not_found")
    import_fares(tmp_path, csv_file(tmp_path, [trip]))
    assert import_fares(tmp_path, void).count("imported") == 1


def test_a_void_with_other_amounts_than_its_trip_is_refused(tmp_path: Path) -> None:
    trip = green()
    run = import_fares(tmp_path, csv_file(tmp_path, [trip, void_of(trip, fare_amount="-5.0")]))
    assert (run.count("imported"), run.count("refused"), run.report[-1]["code"]) == (1, 1, "trip_not_found")


def test_a_void_of_a_fare_that_has_changed_since_is_refused(tmp_path: Path) -> None:
    trip = green()
    path = csv_file(tmp_path, [trip])
    import_fares(tmp_path, path)
    (booking_id,) = bookings_of(path)
    append(booking_id, add("toll", "6.12"))
    run = import_fares(tmp_path, csv_file(tmp_path, [void_of(trip)]))
    assert (run.code, run.report[0]["code"]) == (1, "fare_moved")
    assert str(history(booking_id)[-1].fare) == "12.92"


def test_a_row_that_a_killed_import_left_half_done_is_completed(tmp_path: Path) -> None:
    path = csv_file(tmp_path, [green()])
    (row,) = map(planned, read_tlc(path))
    for change in row.events[:2]:
        ledger.append(change, source="tlc-import", origin=Origin.IMPORT)
    run = import_fares(tmp_path, path)
    assert (run.code, run.count("imported")) == (0, 1)
    assert str(history(row.booking_id)[-1].fare) == "6.80"
    assert len(history(row.booking_id)) == 4


def test_a_row_that_was_left_half_done_and_changed_since_is_refused(tmp_path: Path) -> None:
    path = csv_file(tmp_path, [green()])
    (row,) = map(planned, read_tlc(path))
    ledger.append(row.events[0], source="tlc-import", origin=Origin.IMPORT)
    append(row.booking_id, add("toll", "6.12"))
    run = import_fares(tmp_path, path)
    assert (run.code, run.report[0]["code"]) == (1, "fare_moved")
    assert len(history(row.booking_id)) == 2


def test_a_row_of_which_only_a_part_came_in_is_told_apart(tmp_path: Path) -> None:
    """Another writer comes between the look-up and the append: the one way in which a row can be split."""
    (row,) = map(planned, read_tlc(csv_file(tmp_path, [green()])))

    class Overtaken(Importer):
        def _look_up(self, batch: Sequence[PlannedRow]) -> None:
            super()._look_up(batch)
            if batch:
                append(row.booking_id, set_("5.50", currency="USD"))

    account = Account(Progress(io.StringIO(), percent_read=lambda: None, quiet=True))
    tally = Overtaken("tlc-import", account).run([row])
    assert (tally.rows(Outcome.PARTLY), tally.events, tally.balances()) == (1, 3, True)
    assert "version_conflict: the booking is at version 1, not 0" in account.partly[0]
    told = "\n".join(summary.lines(tally, account, seconds=1, dry_run=False, report=None))
    assert "1 row only partly in" in told
    assert "partly imported                  1" in told
