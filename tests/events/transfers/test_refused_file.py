"""What was refused is taken out of the file with its reasons, put right, and imported as it is."""

from __future__ import annotations

import csv
import io
import json

import pytest

from events import history
from events.importing.readers import Form
from events.transfers import beginning, refused_file
from events.transfers.counts import Counts
from events.transfers.models import Transfer
from tests.events.transfers import runs

HEADER = "booking_id,type,component,amount,currency,metadata.note"
MAPPING = """
name = "nordtaxi"
[file]
delimiter = ";"
decimal = ","
encoding = "cp1252"
[booking]
column = "Fahrt"
[currency]
constant = "EUR"
[time]
column = "Ende"
zone = "Europe/Berlin"
[fare]
base = "Preis"
"""


def refused_rows(run: Transfer, encoding: str = "utf-8") -> str:
    return b"".join(refused_file.written(run)).decode(encoding)


def outcomes(run: Transfer) -> list[int]:
    counts = Counts.of(run.counts)
    return [counts.rows(each) for each in ("imported", "replayed", "refused")]


def test_csv_rows_come_with_line_and_reason_and_go_in_once_put_right() -> None:
    good, bad = runs.bookings(2)
    rows = [f"{good},SET,base_fare,14.00,SGD,", f'{bad},SET,base_fare,"12,50",SGD,=1+1', "a,b"]
    run = runs.imported("\n".join([HEADER, *rows, ""]).encode(), form=Form.CSV, name="fares.csv")
    assert outcomes(run) == [1, 0, 2]
    text = refused_rows(run)
    header, first, second = csv.reader(io.StringIO(text))
    assert header == ["import_line", "import_reason", *HEADER.split(",")]
    assert (first[0], "amount" in first[1], first[2:]) == (
        "3",
        True,
        [bad, "SET", "base_fare", "12,50", "SGD", "'=1+1"],
    )
    assert (second[0], second[2:]) == ("4", ["a", "b"])
    run = runs.imported(text.replace('"12,50"', "12.50").encode(), form=Form.CSV, name="again.csv")
    assert outcomes(run) == [1, 0, 1]
    (event,) = history.events_of(bad)
    assert event.metadata == {"note": "=1+1"}


def test_json_lines_come_as_they_are_also_broken_ones() -> None:
    (bad,) = runs.bookings(1)
    content = runs.jsonl([runs.line(bad, amount="12,50")]) + b'{"booking_id": oops\nnothing\n\n{}\n'
    run = runs.checked(content)
    first, second, third, fourth = refused_rows(run).splitlines()
    assert json.loads(first)["import_line"] == 1
    assert '"import_line": 2' in second
    assert (second.endswith('"booking_id": oops'), third, fourth) == (True, "nothing", "{}")
    run = runs.imported(first.replace("12,50", "12.50").encode() + b"\n")
    assert outcomes(run) == [1, 0, 0]


def test_a_mapped_file_keeps_its_delimiter_and_encoding() -> None:
    (bad,) = runs.bookings(1)
    text = f"Fahrt;Ende;Preis;Straße\n{bad};2026-05-03 14:05;12.50;Bäckerweg\n"
    run = runs.checked(text.encode("cp1252"), form=Form.MAPPED, name="fahrten.csv", mapping=MAPPING)
    rows = refused_rows(run, "cp1252")
    assert rows.splitlines()[0] == "import_line;import_reason;Fahrt;Ende;Preis;Straße"
    again = rows.replace("12.50;", "12,50;").encode("cp1252")
    run = runs.imported(again, form=Form.MAPPED, name="again.csv", mapping=MAPPING)
    assert outcomes(run) == [1, 0, 0]


def test_rows_beyond_the_most_are_left_for_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refused_file, "MOST_ROWS", 2)
    run = runs.checked(runs.jsonl([runs.line(each, amount="oops") for each in runs.bookings(3)]))
    assert len(refused_rows(run).splitlines()) == 2


def test_a_file_that_broke_off_gives_the_rows_before() -> None:
    run = runs.checked(b"\xff\xfe", form=Form.CSV, name="fares.csv")
    assert run.state == Transfer.State.FAILED
    with pytest.raises(beginning.NotNow):
        beginning.confirm(run, runs.asked_by())
