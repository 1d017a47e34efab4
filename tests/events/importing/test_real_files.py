"""The trip files as the city publishes them: what is known to be in them is what the import says."""

from __future__ import annotations

import gzip
from collections import Counter
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest
from django.db import connection

from events.importing import tlc
from events.importing.files import open_source
from events.importing.rows import PlannedRow, RefusedRow
from tests.events.importing.builders import a_file, import_fares, needs_tlc_files

FILES = [
    "green_tripdata_2021-01.csv.gz",
    "green_tripdata_2022-01.csv.gz",
    "yellow_tripdata_sample_2018-01.csv.gz",
    "yellow_tripdata_sample_2019-02.csv.gz",
    "yellow_tripdata_sample_2019-07.csv.gz",
    "yellow_tripdata_sample_2020-03.csv.gz",
]


def head_of_file(folder: Path, name: str, rows: int) -> Path:
    with gzip.open(needs_tlc_files() / name) as file:
        return a_file(folder, b"".join(islice(file, rows + 1)))


@pytest.mark.parametrize("name", FILES)
def test_the_first_rows_of_each_file_come_in_and_a_second_run_adds_nothing(tmp_path: Path, name: str) -> None:
    path = head_of_file(tmp_path, name, rows=300)
    first, second = import_fares(tmp_path, path), import_fares(tmp_path, path)
    assert first.count("imported") + first.count("replayed") + first.count("refused") == 300
    assert first.count("imported") > 290
    assert second.count("replayed") == first.count("imported") + first.count("replayed")
    assert (second.count("imported"), second.count("refused")) == (0, first.count("refused"))
    for run in (first, second):
        assert "Rows and totals of the outcomes add up to what was read." in run.out


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "trips", "voids", "off", "total"),
    [
        (FILES[0], 76_384, 134, 2_239, "1803898.05"),
        (FILES[1], 62_284, 211, 4_146, "1093070.80"),
    ],
)
def test_a_whole_month_is_planned_as_it_was_counted(
    name: str, trips: int, voids: int, off: int, total: str
) -> None:
    """The figures were counted from the file by other means."""
    kinds: Counter[str] = Counter()
    stated = Decimal(0)
    for row in tlc.read(open_source(str(needs_tlc_files() / name))):
        assert isinstance(row, PlannedRow), row
        kinds["void" if row.reverses else "trip"] += 1
        kinds["off"] += row.total != row.events_sum
        stated += row.total
    assert (kinds["trip"], kinds["void"], kinds["off"], stated) == (trips, voids, off, Decimal(total))


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_whole_months_come_in_contiguous_and_a_second_run_adds_nothing(tmp_path: Path) -> None:
    paths = [needs_tlc_files() / name for name in FILES[:2]]
    first, second = import_fares(tmp_path, *paths), import_fares(tmp_path, *paths)
    assert (first.count("imported") + first.count("replayed"), first.count("refused")) == (138_999, 14)
    assert (second.count("replayed"), second.count("refused")) == (138_999, 14)
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT
                (SELECT count(*) FROM (
                    SELECT partition FROM ledger.fare_event GROUP BY partition
                    HAVING max(position) <> count(*) OR min(position) <> 1
                ) AS gap),
                (SELECT count(*) FROM (
                    SELECT booking_id FROM ledger.fare_event GROUP BY partition, booking_id
                    HAVING max(version) <> count(*) OR min(version) <> 1
                ) AS gap)
        """)
        assert cursor.fetchone() == (0, 0)


@pytest.mark.parametrize("name", FILES)
def test_only_rows_that_the_docs_speak_of_are_refused_before_the_ledger(name: str) -> None:
    refused = [
        row
        for row in islice(tlc.read(open_source(str(needs_tlc_files() / name))), 2000)
        if isinstance(row, RefusedRow)
    ]
    assert refused == []
