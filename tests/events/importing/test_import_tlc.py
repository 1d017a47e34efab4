"""Trip files through the command into a real ledger: every row accounted for, nothing twice."""

from __future__ import annotations

import gzip
import io
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from events.event import Origin
from events.history import head_of
from tests.events.importing.builders import (
    GREEN,
    Run,
    a_file,
    bookings_of,
    csv_file,
    green,
    history,
    import_fares,
    void_of,
)


def history_is_empty(booking_id: str) -> bool:
    return head_of(booking_id) is None


def test_a_trip_becomes_a_fare_with_its_extras(tmp_path: Path) -> None:
    path = csv_file(tmp_path, [green(tip_amount="2.00")])
    run = import_fares(tmp_path, path)
    assert (run.code, run.count("imported"), run.report) == (0, 1, [])
    (booking_id,) = bookings_of(path)
    events = history(booking_id)
    assert [str(event.change) for event in events] == ["5.50", "0.50", "0.50", "2.00", "0.30"]
    assert str(events[-1].fare) == "8.80"
    assert {(event.source, event.origin) for event in events} == {("tlc-import", Origin.IMPORT)}


def test_running_it_twice_adds_nothing_and_counts_replays(tmp_path: Path) -> None:
    trip = green()
    path = csv_file(tmp_path, [void_of(trip), trip, green(), green(total_amount="9.99")])
    first, second = import_fares(tmp_path, path), import_fares(tmp_path, path)
    assert (first.code, first.count("imported"), first.count("replayed")) == (0, 4, 0)
    assert (second.code, second.count("imported"), second.count("replayed")) == (0, 0, 4)
    assert first.total("imported") == second.total("replayed") == Decimal("16.79")
    assert "0 events appended" in second.out
    assert [len(history(booking_id)) for booking_id in bookings_of(path)] == [8, 8, 4, 4]


def test_the_same_row_twice_in_a_file_is_one_trip(tmp_path: Path) -> None:
    trip = green()
    run = import_fares(tmp_path, csv_file(tmp_path, [trip, green(), trip]))
    assert (run.code, run.count("imported"), run.count("replayed")) == (0, 2, 1)
    assert [(line["line"], line["outcome"]) for line in run.report] == [(4, "replayed")]


def test_a_row_that_contradicts_a_trip_of_the_same_file_is_refused_whole(tmp_path: Path) -> None:
    trip = green()
    other = green(trip_distance=trip["trip_distance"], tip_amount="4.00")
    path = csv_file(tmp_path, [trip, other])
    run = import_fares(tmp_path, path)
    assert (run.code, run.count("imported"), run.count("refused")) == (1, 1, 1)
    assert (run.report[0]["line"], run.report[0]["code"]) == (3, "booking_differs")
    assert str(history(bookings_of(path)[0])[-1].fare) == "6.80"


def test_a_row_that_contradicts_the_ledger_is_refused_whole(tmp_path: Path) -> None:
    trip = green()
    path = csv_file(tmp_path, [trip])
    import_fares(tmp_path, path)
    run = import_fares(tmp_path, csv_file(tmp_path, [trip | {"fare_amount": "9.5", "total_amount": "10.8"}]))
    assert (run.code, run.count("refused"), run.total("refused")) == (1, 1, Decimal("10.80"))
    assert len(history(bookings_of(path)[0])) == 4


def test_a_row_that_differs_in_more_than_amounts_is_no_replay(tmp_path: Path) -> None:
    trip = green()
    path = csv_file(tmp_path, [trip])
    import_fares(tmp_path, path)
    run = import_fares(tmp_path, csv_file(tmp_path, [trip | {"passenger_count": "5"}]))
    assert (run.code, run.count("refused"), run.report[0]["code"]) == (1, 1, "transaction_id_reused")
    assert "this trip is in already with the same amounts" in run.report[0]["reason"]
    assert len(history(bookings_of(path)[0])) == 4


def test_a_total_that_does_not_add_up_is_imported_by_its_amounts_and_told(tmp_path: Path) -> None:
    path = csv_file(tmp_path, [green(), green(total_amount="4.05"), green(total_amount="4.05")])
    run = import_fares(tmp_path, path)
    assert (run.code, run.count("imported"), run.total("imported")) == (0, 3, Decimal("14.90"))
    assert "2 rows with a total that is not the sum of its amounts" in run.out
    assert "the total is -2.75 USD off in 2 rows" in run.out
    told = {name: run.report[0][name] for name in ("line", "code", "total", "events_sum", "difference")}
    assert told == {
        "line": 3,
        "code": "total_differs",
        "total": "4.05",
        "events_sum": "6.80",
        "difference": "-2.75",
    }
    fare = history(bookings_of(path)[1])
    assert str(fare[-1].fare) == "6.80"
    assert fare[0].metadata["stated_total"] == "4.05"  # type: ignore[index]


def test_what_was_read_and_what_became_of_it_add_up(tmp_path: Path) -> None:
    trip = green()
    rows = [
        *(trip, trip, void_of(trip), green(fare_amount="")),
        *(green(fare_amount="", total_amount="x"), void_of(green()), green(total_amount="1")),
    ]
    run = import_fares(tmp_path, csv_file(tmp_path, rows))
    kinds = ("imported", "replayed", "refused")
    assert sum(run.count(kind) for kind in kinds) == run.count("read") == 7
    assert sum(run.total(kind) for kind in kinds) == run.total("read") == Decimal("2.30")
    assert "(no total can be read in 1 row)" in run.out
    assert "Rows and totals of the outcomes add up to what was read." in run.out


def test_a_dry_run_writes_nothing_and_foretells_what_a_run_does(tmp_path: Path) -> None:
    trip, known = green(), green()
    import_fares(tmp_path, csv_file(tmp_path, [known]))
    rows = [
        void_of(trip),
        trip,
        trip,
        known,
        void_of(green()),
        green(trip_distance=trip["trip_distance"], extra="9"),
    ]
    path = csv_file(tmp_path, rows)
    foretold = import_fares(tmp_path, path, dry_run=True)
    assert history_is_empty(bookings_of(path)[0])
    assert "nothing was written" in foretold.out
    assert "8 events would be appended" in foretold.out
    done = import_fares(tmp_path, path)
    assert "8 events appended" in done.out
    assert foretold.code == done.code == 1
    for kind, count in (("imported", 2), ("replayed", 2), ("refused", 2)):
        assert foretold.count(f"would be {kind}") == done.count(kind) == count
    assert codes_by_line(foretold) == codes_by_line(done)


def codes_by_line(run: Run) -> list[tuple[int, str]]:
    return sorted((line["line"], line["code"]) for line in run.report)


def test_a_limit_reads_so_many_rows(tmp_path: Path) -> None:
    run = import_fares(tmp_path, csv_file(tmp_path, [green() for _ in range(5)]), limit=2)
    assert (run.code, run.count("read")) == (0, 2)


def test_the_source_can_be_named(tmp_path: Path) -> None:
    path = csv_file(tmp_path, [green()])
    import_fares(tmp_path, path, source="green-taxis")
    assert history(bookings_of(path)[0])[0].source == "green-taxis"


def test_standard_input_is_a_file_called_minus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = csv_file(tmp_path, [green()]).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))
    run = import_fares(tmp_path, "-")
    assert (run.code, run.count("imported")) == (0, 1)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PAR1" + b"\0" * 20, "is a Parquet file"),
        (b"PK\x03\x04" + b"\0" * 20, "is a ZIP archive"),
        (b"", "the file is empty"),
        (gzip.compress(b"\n", mtime=0), "the file is empty"),
        (b"\x7fELF\x02\x01\x01\0\0", "its first line is not text"),
        ("VendorID,fare_amount\r\n".encode("utf-16"), "its first line is not text"),
        (b"a,b,c\n1,2,3\n", "Found: a, b, c"),
    ],
)
def test_a_file_that_is_not_read_ends_with_2_and_says_what_to_do(
    tmp_path: Path, content: bytes, told: str
) -> None:
    run = import_fares(tmp_path, a_file(tmp_path, content))
    assert (run.code, run.out) == (2, "")
    assert told in run.error


def test_a_file_that_is_not_there_is_found_out_before_anything_is_written(tmp_path: Path) -> None:
    path = csv_file(tmp_path, [green()])
    run = import_fares(tmp_path, path, tmp_path / "none.csv")
    assert (run.code, "none.csv: No such file" in run.error) == (2, True)
    assert history_is_empty(bookings_of(path)[0])


def test_a_file_that_is_cut_short_is_imported_as_far_as_it_goes_and_ends_with_2(tmp_path: Path) -> None:
    whole = gzip.compress(csv_file(tmp_path, [green() for _ in range(500)]).read_bytes())
    run = import_fares(tmp_path, a_file(tmp_path, whole[: len(whole) // 2], "csv.gz"))
    assert run.code == 2
    assert "is damaged or cut short" in run.error
    assert 0 < run.count("imported") == run.count("read") < 500


def test_one_row_is_told_in_the_singular(tmp_path: Path) -> None:
    run = import_fares(tmp_path, csv_file(tmp_path, [green(total_amount="4.05")]))
    assert "1 row in " in run.out
    assert "1 row with a total" in run.out
    assert "1 rows" not in run.out


def test_terminal_text_from_a_file_is_escaped(tmp_path: Path) -> None:
    run = import_fares(tmp_path, csv_file(tmp_path, [green(fare_amount="\x1b[31m", total_amount="1")]))
    assert run.code == 1
    assert "\x1b" not in run.out


def test_the_report_can_be_csv(tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    import_fares(tmp_path, csv_file(tmp_path, [green(fare_amount="")]), report=str(report))
    header, line = report.read_text().splitlines()
    assert header.startswith("file,line,booking_id,outcome,code,reason,currency,total")
    assert ",2,,refused,missing_value,fare_amount is missing,USD,1.30," in line


def test_an_unknown_column_is_told(tmp_path: Path) -> None:
    run = import_fares(tmp_path, csv_file(tmp_path, [green(weather="snow")], [*GREEN, "weather"]))
    assert "columns that are not known, kept as metadata: weather" in run.out
