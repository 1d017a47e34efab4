"""Our own formats: one fare event per line, as JSON or as CSV."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.builders import new_booking_id
from tests.events.importing.builders import Run, a_file, history, import_fares


def line(booking_id: str, kind: str, component: str, amount: str, **fields: Any) -> dict[str, Any]:
    return {"booking_id": booking_id, "type": kind, "component": component, "amount": amount, **fields}


def import_lines(folder: Path, *lines: dict[str, Any] | str | bytes) -> Run:
    encoded = [
        each if isinstance(each, bytes) else (each if isinstance(each, str) else json.dumps(each)).encode()
        for each in lines
    ]
    return import_fares(folder, a_file(folder, b"\n".join(encoded), "jsonl"), format="jsonl")


def test_a_booking_is_told_line_by_line(tmp_path: Path) -> None:
    booking = new_booking_id()
    run = import_lines(
        tmp_path,
        line(booking, "SET", "base_fare", "14.00", currency="SGD", metadata={"zone": 1.50}, actor="ana"),
        line(booking, "ADD", "toll", "5", occurred_at="2026-05-03T14:05:00Z", description="Ayer Rajah"),
        "",
        line(booking, "SUB", "promo", "2.50", expected_version=2),
    )
    assert run.code == 0
    events = history(booking)
    assert [str(event.change) for event in events] == ["14.00", "5.00", "-2.50"]
    assert (events[0].metadata, events[0].actor, events[0].source) == (
        {"zone": Decimal("1.5")},
        "ana",
        "file-import",
    )
    assert events[1].description == "Ayer Rajah"


def test_an_amount_counts_with_the_sign_of_its_type_in_the_sums(tmp_path: Path) -> None:
    booking = new_booking_id()
    run = import_lines(
        tmp_path,
        line(booking, "SET", "base_fare", "14.00", currency="SGD"),
        line(booking, "SUB", "promo", "2.50", currency="SGD"),
        line(booking, "SUB", "promo", "20.00", currency="SGD"),
    )
    assert (run.total("imported"), run.total("refused")) == (Decimal("11.50"), Decimal("-20.00"))
    assert run.total("read") == Decimal("-8.50")
    assert (run.code, run.report[0]["code"]) == (1, "negative_fare")


def test_lines_without_a_currency_are_summed_apart(tmp_path: Path) -> None:
    booking = new_booking_id()
    run = import_lines(
        tmp_path,
        line(booking, "SET", "base_fare", "14.00", currency="SGD"),
        line(booking, "ADD", "toll", "5.00"),
    )
    assert "no currency given" in run.out
    assert "Rows and totals of the outcomes add up to what was read." in run.out


def test_a_second_run_adds_nothing_with_or_without_transaction_ids(tmp_path: Path) -> None:
    booking = new_booking_id()
    lines = (
        line(booking, "SET", "base_fare", "14.00", currency="SGD", transaction_id=str(uuid4())),
        line(booking, "ADD", "toll", "5.00", currency="SGD"),
    )
    assert import_lines(tmp_path, *lines).count("imported") == 2
    assert import_lines(tmp_path, *lines).count("replayed") == 2
    assert len(history(booking)) == 2


def test_two_equal_lines_are_one_change_however_they_write_it(tmp_path: Path) -> None:
    booking = new_booking_id()
    run = import_lines(
        tmp_path,
        line(booking, "SET", "base_fare", "14.00", currency="SGD"),
        line(booking, "ADD", "toll", "5.00", currency="SGD", occurred_at="2026-05-03T14:05:00Z"),
        line(
            booking, "ADD", "toll", "5", currency="SGD", occurred_at="2026-05-03T16:05:00+02:00", metadata={}
        ),
    )
    assert (run.count("imported"), run.count("replayed")) == (2, 1)
    assert len(history(booking)) == 2


def test_the_same_line_from_another_source_is_said_to_be_in_already(tmp_path: Path) -> None:
    path = a_file(tmp_path, json.dumps(line(new_booking_id(), "SET", "base_fare", "14.00", currency="SGD")))
    import_fares(tmp_path, path, format="jsonl")
    run = import_fares(tmp_path, path, format="jsonl", source="depot")
    assert (run.code, run.report[0]["code"]) == (1, "transaction_id_reused")
    assert run.report[0]["reason"] == "this line is in already, but from another source"


def test_a_given_id_that_is_taken_is_refused_in_the_ledgers_words(tmp_path: Path) -> None:
    given = line(new_booking_id(), "SET", "base_fare", "14.00", currency="SGD", transaction_id=str(uuid4()))
    run = import_lines(tmp_path, given, given | {"amount": "15.00"})
    assert run.report[0]["code"] == "transaction_id_reused"
    assert given["transaction_id"] in run.report[0]["reason"]


def test_an_amount_with_more_decimals_than_its_currency_is_refused_also_zeros(tmp_path: Path) -> None:
    booking = new_booking_id()
    run = import_lines(
        tmp_path,
        line(booking, "SET", "base_fare", "2.500", currency="USD"),
        line(booking, "SET", "base_fare", "2.5", currency="USD"),
    )
    assert (run.code, run.count("imported"), run.count("refused")) == (1, 1, 1)
    assert "more decimals than USD" in run.report[0]["reason"]


def test_sums_have_all_decimals_of_their_currency_and_are_never_rounded(tmp_path: Path) -> None:
    first, second = new_booking_id(), new_booking_id()
    run = import_lines(tmp_path, line(first, "SET", "base_fare", "2.5", currency="USD"))
    assert [text for text in ("2.50", "0.00") if f" {text}" in run.out] == ["2.50", "0.00"]
    run = import_lines(tmp_path, line(second, "SET", "base_fare", "1.2345", currency="USD"))
    assert run.total("refused") == run.total("read") == Decimal("1.2345")


def test_a_csv_line_without_its_end_is_refused_and_a_json_line_is_not(tmp_path: Path) -> None:
    booking = new_booking_id()
    content = f"booking_id,type,component,currency,amount\n{booking},SET,base_fare,SGD,1"
    run = import_fares(tmp_path, a_file(tmp_path, content), format="csv")
    assert (run.code, run.report[0]["code"]) == (1, "no_line_end")
    assert import_lines(tmp_path, line(booking, "SET", "base_fare", "14.00", currency="SGD")).code == 0


def test_a_currency_is_escaped_for_the_terminal_too(tmp_path: Path) -> None:
    run = import_lines(tmp_path, line("B", "SET", "base_fare", "1", currency="\x1b[31m"))
    assert (run.code, "\x1b" in run.out) == (1, False)


def test_two_equal_changes_are_told_apart_by_their_time_or_their_id(tmp_path: Path) -> None:
    booking = new_booking_id()
    toll = line(booking, "ADD", "toll", "5.00", currency="SGD")
    run = import_lines(
        tmp_path,
        line(booking, "SET", "base_fare", "14.00", currency="SGD"),
        toll | {"occurred_at": "2026-05-03T14:05:00Z"},
        toll | {"occurred_at": "2026-05-03T14:06:00Z"},
        toll | {"transaction_id": str(uuid4())},
    )
    assert run.count("imported") == 4
    assert str(history(booking)[-1].fare) == "29.00"


@pytest.mark.parametrize(
    ("bad", "code", "reason"),
    [
        (b"{", "malformed_body", "the line is not JSON"),
        (b"[]", "invalid_event", "no JSON object"),
        (b"\xff", "malformed_body", "the line is not UTF-8"),
        (b'{"booking_id": "B", "booking_id": "B"}', "invalid_event", "twice"),
        (b'{"type": "SET"}', "invalid_event", "booking_id is required"),
        (b'{"booking_id":"B","type":"SET","component":"c","amount":1}', "invalid_event", "must be a string"),
        (
            b'{"booking_id":"B","type":"SET","component":"c","amount":"1","fare":"1"}',
            "invalid_event",
            "not a field",
        ),
        (
            b'{"booking_id":"B","type":"SET","component":"c","amount":"1e400"}',
            "invalid_event",
            "amount must be",
        ),
        (b"[" * 100_000, "malformed_body", "nested"),
        (b'"' + b"x" * 300_000, "too_large", "more than 262144 bytes"),
    ],
)
def test_a_bad_line_is_refused_and_the_next_is_read(
    tmp_path: Path, bad: bytes, code: str, reason: str
) -> None:
    booking = new_booking_id()
    run = import_lines(tmp_path, bad, line(booking, "SET", "base_fare", "14.00", currency="SGD"))
    assert (run.code, run.report[0]["line"], run.report[0]["code"]) == (1, 1, code)
    assert reason in run.report[0]["reason"]
    assert len(history(booking)) == 1


def import_csv(folder: Path, *lines: str) -> Run:
    return import_fares(folder, a_file(folder, "".join(f"{each}\n" for each in lines)), format="csv")


def test_csv_has_the_same_columns_and_metadata_in_columns_of_its_own(tmp_path: Path) -> None:
    booking = new_booking_id()
    run = import_csv(
        tmp_path,
        "booking_id,type,component,amount,currency,expected_version,allow_negative,metadata.order,metadata.zone",
        f"{booking},SET,base_fare,14.00,KWD,0,,A-7,",
        f"{booking},SUB,refund,15.125,KWD,1,true,,",
    )
    assert run.code == 0
    first, second = history(booking)
    assert first.metadata == {"order": "A-7"}
    assert (str(second.fare), second.allow_negative) == ("-1.125", True)


def test_csv_can_have_metadata_as_json(tmp_path: Path) -> None:
    booking = new_booking_id()
    run = import_csv(
        tmp_path,
        "booking_id,type,component,amount,currency,metadata",
        f'{booking},SET,base_fare,14.00,SGD,"{{""zone"": [1, 2]}}"',
        f'{booking},ADD,toll,1.00,SGD,"{{""zone"": [1, 2"',
    )
    assert (run.code, run.report[0]["code"], run.report[0]["total"]) == (1, "malformed_body", "1.00")
    assert history(booking)[0].metadata == {"zone": [1, 2]}
    assert run.report[0]["reason"].startswith("metadata is not JSON")


def test_a_csv_line_gives_the_ids_that_its_json_line_gives(tmp_path: Path) -> None:
    booking = new_booking_id()
    import_lines(
        tmp_path, line(booking, "SET", "base_fare", "14.00", currency="SGD", metadata={"order": "7"})
    )
    run = import_csv(
        tmp_path,
        "booking_id,type,component,amount,currency,metadata.order",
        f"{booking},SET,base_fare,14,SGD,7",
    )
    assert run.count("replayed") == 1


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("booking_id,type,component,amount,tip", "unknown: tip"),
        ("booking_id,type,component", "missing: amount"),
        ("booking_id,type,component,amount,amount", "given twice: amount"),
        ("booking_id,type,component,amount,metadata,metadata.a", "given twice: metadata and metadata.*"),
    ],
)
def test_a_csv_header_that_is_not_ours_ends_with_2(tmp_path: Path, header: str, told: str) -> None:
    run = import_csv(tmp_path, header)
    assert (run.code, told in run.error) == (2, True)


def test_a_csv_line_of_another_width_is_refused(tmp_path: Path) -> None:
    run = import_csv(tmp_path, "booking_id,type,component,amount", "B,SET,base_fare")
    assert (run.code, run.report[0]["code"]) == (1, "wrong_width")
