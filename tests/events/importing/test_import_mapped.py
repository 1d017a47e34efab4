"""Another operator's CSV file, by a mapping: its separators, its currency, its zone."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import pytest

from tests.events.importing.builders import Run, a_file, history, import_fares

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "nordtaxi.toml"
HEADER = "Auftrag;Ende;Grundpreis;Zuschlag;Maut;Rabatt;Summe;Fahrer;Strecke"

JAPANESE = """
name = "sakura"
[booking]
column = "id"
[currency]
column = "currency"
[time]
column = "at"
zone = "Asia/Tokyo"
[fare]
base = "fare"
total = "total"
[components]
night = "night"
"""


def new_number() -> str:
    return str(random.SystemRandom().randrange(10**12))


def import_mapped(folder: Path, content: bytes, mapping: Path = EXAMPLE) -> Run:
    return import_fares(folder, a_file(folder, content), format="csv", mapping=str(mapping))


def test_a_european_file_with_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    number = new_number()
    line = f"{number};03.05.2026 14:05;1.012,500;2,00;;5,00;1.009,50;Jürgen;12,4"
    run = import_mapped(tmp_path, f"{HEADER}\r\n{line}\r\n".encode("cp1252"))
    assert (run.code, run.total("imported"), run.report) == (0, Decimal("1009.50"), [])
    assert "EUR" in run.out
    first, *others = history(f"nordtaxi-{number}")
    assert [f"{event.component} {event.change}" for event in (first, *others)] == [
        "base_fare 1012.50",
        "waiting_fee 2.00",
        "promo -5.00",
    ]
    assert (first.currency, first.source) == ("EUR", "nordtaxi")
    assert first.occurred_at.isoformat() == "2026-05-03T12:05:00+00:00"
    assert first.metadata == {"driver": "Jürgen", "distance_km": "12,4"}


def test_a_yen_file_with_the_currency_in_a_column(tmp_path: Path) -> None:
    mapping = a_file(tmp_path, JAPANESE, "toml")
    yen, dollars, broken = (f"jp-{new_number()}" for _ in range(3))
    content = (
        "id,at,fare,night,currency,total\n"
        f"{yen},2026-05-03 00:05:00,1200,240.0,JPY,1440\n"
        f"{dollars},2026-05-03 00:05:00,12.5,0,USD,12.50\n"
        f"{broken},2026-05-03 00:05:00,1200.5,,JPY,1200\n"
        f"{broken},2026-05-03 00:05:00,1200,,XAU,1200\n"
    )
    run = import_mapped(tmp_path, content.encode(), mapping)
    assert run.code == 1
    assert [(line["code"], line["currency"]) for line in run.report] == [
        ("too_many_decimals", "JPY"),
        ("unknown_currency", ""),
    ]
    event = history(yen)[-1]
    assert (str(event.fare), event.occurred_at.isoformat()) == ("1440", "2026-05-02T15:05:00+00:00")
    assert str(history(dollars)[-1].fare) == "12.50"


def test_a_second_run_adds_nothing_and_other_amounts_of_a_booking_are_refused(tmp_path: Path) -> None:
    number = new_number()
    line = f"{number};03.05.2026 14:05;12,50;;;;12,50;;"
    content = f"{HEADER}\n{line}\n".encode()
    assert import_mapped(tmp_path, content).count("imported") == 1
    assert import_mapped(tmp_path, content).count("replayed") == 1
    run = import_mapped(tmp_path, content.replace(b"12,50", b"13,50"))
    assert (run.code, run.report[0]["code"], run.report[0]["booking_id"]) == (
        1,
        "booking_differs",
        f"nordtaxi-{number}",
    )


def test_the_same_fare_with_other_metadata_is_said_to_be_in_already(tmp_path: Path) -> None:
    line = f"{new_number()};03.05.2026 14:05;12,50;;;;12,50;Ana;"
    import_mapped(tmp_path, f"{HEADER}\n{line}\n".encode())
    run = import_mapped(tmp_path, f"{HEADER}\n{line.replace('Ana', 'Ben')}\n".encode())
    assert "in already with the same amounts, but with other metadata" in run.report[0]["reason"]


def test_a_last_line_without_its_end_is_refused_since_the_file_may_be_cut(tmp_path: Path) -> None:
    lines = [f"{new_number()};03.05.2026 14:05;12,50;;;;12,50;;1" for _ in range(2)]
    run = import_mapped(tmp_path, "\n".join([HEADER, *lines]).encode())
    assert (run.code, run.count("imported"), run.count("refused")) == (1, 1, 1)
    assert (run.report[0]["line"], run.report[0]["code"]) == (3, "no_line_end")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (";03.05.2026 14:05;12,50;;;;12,50;;", "missing_value"),
        ("1 2;03.05.2026 14:05;12,50;;;;12,50;;", "invalid_event"),
        ("{n};2026-05-03;12,50;;;;12,50;;", "not_a_time"),
        ("{n};03.05.2026 14:05;12.50;;;;12,50;;", "not_a_number"),
        ("{n};03.05.2026 14:05;;;;;12,50;;", "missing_value"),
        ("{n};03.05.2026 14:05;12,50;;;20,00;12,50;;", "negative_fare"),
        ("{n};03.05.2026 14:05;12,50", "wrong_width"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused(tmp_path: Path, line: str, code: str) -> None:
    run = import_mapped(tmp_path, f"{HEADER}\n{line.format(n=new_number())}\n".encode())
    assert (run.code, run.count("refused"), run.report[0]["code"]) == (1, 1, code)


def test_a_file_that_does_not_fit_its_mapping_says_what_is_missing(tmp_path: Path) -> None:
    run = import_mapped(tmp_path, HEADER.replace(";", ",").encode())
    assert run.code == 2
    assert "does not fit the mapping nordtaxi (missing: Auftrag, Grundpreis, Summe, Ende" in run.error
    assert "The delimiter is ';': is that right?" in run.error


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("name = ", "nam = "), "unknown table [nam]"),
        (('name = "sakura"', 'name = "Sakura Taxi"'), "`name` must be"),
        (('column = "id"', "column = 7"), "booking.column must be a text in quotes"),
        (('column = "id"', ""), "booking.column is missing"),
        (('column = "currency"', 'constant = "XXX"'), "'XXX' is not an ISO 4217 currency"),
        (('column = "currency"', ""), "[currency] has either"),
        (("Asia/Tokyo", "Mars/Base"), "time.zone 'Mars/Base' is no time zone"),
        (('night = "night"', 'Night = "night"'), "the component 'Night' must be"),
        (('night = "night"', 'night = { column = "night", sign = "minus" }'), 'sign must be "add" or "sub"'),
        (("[fare]", "[file]\ndecimal = ',,'\n[fare]"), "file.decimal must be one character"),
        (("[fare]", "[file]\nencoding = 'klingon'\n[fare]"), "file.encoding 'klingon' is not known"),
        (("[fare]", "[fare"), "is not a mapping"),
    ],
)
def test_a_mapping_that_is_wrong_is_told_before_anything_is_read(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    run = import_mapped(tmp_path, b"", a_file(tmp_path, JAPANESE.replace(*change, 1), "toml"))
    assert run.code == 2
    assert told in run.error


def test_a_mapping_is_for_csv_only(tmp_path: Path) -> None:
    run = import_fares(tmp_path, a_file(tmp_path, ""), format="tlc", mapping=str(EXAMPLE))
    assert (run.code, run.error) == (2, "--mapping goes with --format csv")
