"""Files that no honest program writes, or a broken one: each row is taken, or refused with a reason that helps."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from events.importing import files, own_format
from events.importing.files import open_source
from events.importing.readers import Form, reader_of
from events.importing.rows import ImportFailed, PlannedRow, RefusedRow, Row

HEADER = b"booking_id,type,component,amount,currency\n"
MEGABYTE = b"a" * 1_000_000

Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A file with these parts, gzip-compressed as a bomb is."""

    def write(parts: Iterable[bytes]) -> Path:
        path = tmp_path / "fares"
        with gzip.open(path, "wb", compresslevel=1) as file:
            file.writelines(parts)
        return path

    return write


def row(number: int) -> bytes:
    return b"BK-%d,SET,base_fare,12.00,SGD\n" % number


def rows_of(path: Path, form: Form = Form.CSV) -> list[Row]:
    source = open_source(str(path))
    try:
        return list(reader_of(form).read(source))
    finally:
        source.close()


def refusals(rows: list[Row]) -> list[tuple[int, str]]:
    return [(each.place.line, each.code) for each in rows if isinstance(each, RefusedRow)]


@pytest.mark.parametrize("form", [Form.CSV, Form.JSONL])
def test_a_line_of_fifty_megabytes_is_refused_in_little_memory(written: Written, form: Form) -> None:
    good = row(1) if form is Form.CSV else b"{}\n"
    path = written([*([HEADER] if form is Form.CSV else []), *[MEGABYTE] * 50, b"\n", good])
    tracemalloc.start()
    rows = rows_of(path, form)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(rows) == 2
    assert refusals(rows)[0] == (2 if form is Form.CSV else 1, "too_large")
    assert peak < 20_000_000


@pytest.mark.parametrize("form", [Form.CSV, Form.JSONL])
def test_a_line_that_never_ends_ends_the_reading(
    written: Written, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_LONGEST_LINE", 5_000_000)
    with pytest.raises(ImportFailed, match="a line of more than 5 MB"):
        rows_of(written([HEADER, *[MEGABYTE] * 8]), form)


@pytest.mark.parametrize("form", [Form.CSV, Form.JSONL])
def test_blank_lines_without_end_end_the_reading(
    written: Written, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_BLANK", 1000)
    with pytest.raises(ImportFailed, match="blank lines in a row"):
        rows_of(written([HEADER, b"\n" * 2000]), form)


def test_a_row_of_endless_small_values_is_refused(written: Written) -> None:
    parts = [HEADER, b'"', b'\n","' * 200_000, b'"\n', row(1)]
    rows = rows_of(written(parts))
    assert refusals(rows)[0][1] == "too_large"


@pytest.mark.parametrize("form", [Form.CSV, Form.TLC])
@pytest.mark.parametrize("name", [b"c%d", b"x"], ids=["different", "equal"])
def test_a_header_of_a_hundred_thousand_columns_is_refused_at_once(
    written: Written, form: Form, name: bytes
) -> None:
    names = (name % i if b"%" in name else name for i in range(30_000))
    with pytest.raises(ImportFailed) as refused:
        rows_of(written([b",".join(names) + b"\n", b"1\n"]), form)
    assert "columns" in str(refused.value)
    assert len(str(refused.value)) < 2000


@pytest.mark.parametrize("form", [Form.CSV, Form.TLC])
def test_a_wrong_header_is_shown_in_part(written: Written, form: Form) -> None:
    header = b",".join(b"c%d" % i + b"x" * 300 for i in range(500)) + b"\n"
    with pytest.raises(ImportFailed) as refused:
        rows_of(written([header]), form)
    assert "and 480 more" in str(refused.value)
    assert len(str(refused.value)) < 3000


def test_a_quotation_mark_that_is_never_closed_is_said_with_the_rows_it_took(written: Written) -> None:
    rows = rows_of(written([HEADER, row(1), b'"BK-2,SET,base_fare,1.00,SGD\n', row(3), row(4)]))
    (refused,) = [each for each in rows if isinstance(each, RefusedRow)]
    assert refused.code == "not_csv"
    assert "from line 3 to line 5" in refused.reason
    assert len(rows) == 2


def test_rows_between_two_stray_quotation_marks_are_not_lost_in_a_value(written: Written) -> None:
    """Each of both rows has the right number of values: the first would take the others into its text."""
    header = HEADER[:-1] + b",metadata.note\n"
    text = [b'BK-1,SET,base_fare,1.00,SGD,"a\n', row(2)[:-1] + b",b\n", b'BK-3,SET,base_fare,1.00,SGD,c"\n']
    (refused,) = rows_of(written([header, *text]))
    assert isinstance(refused, RefusedRow)
    assert (refused.code, "from line 2 to line 4" in refused.reason) == ("not_csv", True)


def test_a_text_on_several_lines_is_no_row_in_a_row(written: Written) -> None:
    header = HEADER[:-1] + b",metadata.note\n"
    (planned,) = rows_of(written([header, b'BK-1,SET,base_fare,1.00,SGD,"one,\ntwo"\n']))
    assert isinstance(planned, PlannedRow)


def test_utf_16_is_said(written: Written) -> None:
    text = HEADER.decode() + row(1).decode()
    for form, words in ((Form.CSV, "CSV UTF-8"), (Form.JSONL, "save it as UTF-8")):
        with pytest.raises(ImportFailed, match=words):
            rows_of(written([text.encode("utf-16")]), form)


def test_a_byte_of_another_encoding_is_said(written: Written) -> None:
    header = HEADER[:-1] + b",description\n"
    (refused,) = rows_of(written([header, b"BK-1,SET,base_fare,1.00,SGD,caf\xe9\n"]))
    assert isinstance(refused, RefusedRow)
    assert "save the file as UTF-8" in refused.reason


def test_what_a_list_of_refused_rows_has_beside_a_row_is_no_part_of_it(written: Written) -> None:
    header = b"import_line,import_reason," + HEADER
    (from_csv,) = rows_of(written([header, b'4,"oops, said it",' + row(1)]))
    line = (
        b'{"import_line":4,"import_reason":"oops","booking_id":"BK-1","type":"SET","component":"base_fare",'
    )
    (from_json,) = rows_of(written([line + b'"amount":"12.00","currency":"SGD"}\n']), Form.JSONL)
    (plain,) = rows_of(written([HEADER, row(1)]))
    ids = [
        each.events[0].transaction_id for each in (from_csv, from_json, plain) if isinstance(each, PlannedRow)
    ]
    assert len(ids) == 3
    assert len(set(ids)) == 1


def test_lists_are_longer_than_any_event() -> None:
    assert files.LONGEST_ROW >= own_format.LONGEST_LINE
