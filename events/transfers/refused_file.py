"""The refused rows of an import's own file, each with its line and reason in front: to be put right and imported again.

The readers take no notice of what stands in front (`files.ADDED`), so the file that was put right is imported as it is.
"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Final

from django.utils.translation import gettext as _

from events.csv_cells import safe_row
from events.importing import mapping
from events.importing.files import Source, csv_rows, lines, open_source
from events.importing.own_format import LONGEST_LINE
from events.importing.readers import Form
from events.importing.rows import ImportFailed, Outcome, RowRefused
from events.transfers import folder, refused
from events.transfers.models import Transfer

MOST_ROWS: Final = 50_000
"""Further ones are left for the next time: their reasons are held in memory."""

_SECONDS: Final = 60.0

_OUTCOMES: Final = (Outcome.REFUSED.value, Outcome.PARTLY.value)


def written(run: Transfer) -> Iterator[bytes]:
    """The file, a row after the other; CSV or JSON Lines, as the run's own is. Ends early where that takes a minute.

    Raises FilesAway, OSError, ImportFailed before the first row where the run's file or its list is not there.
    """
    reasons = _reasons(run)
    form = Form(run.asked["form"])
    source = open_source(str(folder.folder_of(run.pk) / folder.IMPORTED), shown_as=run.file_name)
    until = time.monotonic() + _SECONDS

    def wanted(line: int) -> bool:
        if time.monotonic() > until:
            raise ImportFailed(_("It takes too long to look through the file."))
        return line in reasons

    source.wanted = wanted
    rows = _json_rows(source, reasons) if form is Form.JSONL else _csv_rows(source, run, form, reasons)
    return _whole(source, rows)


def _whole(source: Source, rows: Iterator[bytes]) -> Iterator[bytes]:
    """What cannot be read on has ended the import as well, after the rows before."""
    with closing(source):
        try:
            yield from rows
        except ImportFailed:
            return


def _reasons(run: Transfer) -> dict[int, str]:
    """Line → reason."""
    name, kept = (refused.OF_IMPORT, run.counts)
    if run.confirmed_at is None:
        name, kept = refused.OF_CHECK, run.check_counts or run.counts
    found: dict[int, str] = {}
    for line in refused.entries(folder.folder_of(run.pk) / name, kept.get("report", 0)):
        if line["outcome"] in _OUTCOMES and len(found) < MOST_ROWS:
            found[line["line"]] = line["reason"]
    return found


def _csv_rows(source: Source, run: Transfer, form: Form, reasons: dict[int, str]) -> Iterator[bytes]:
    delimiter, encoding = ",", "utf-8-sig"
    if form is Form.MAPPED:
        columns = mapping.parsed(run.asked["mapping"], _("The mapping"))
        delimiter, encoding = columns.delimiter, columns.encoding
    is_header = True
    for place, fields in csv_rows(source, delimiter, encoding):
        cells: list[str] = [] if isinstance(fields, RowRefused) else fields
        if is_header:
            yield _csv_line(["import_line", "import_reason", *cells], delimiter, encoding)
        else:
            before = [str(place.line), reasons[place.line]]
            yield _csv_line([*before, *cells], delimiter, encoding)
        is_header = False


def _csv_line(cells: Iterable[str], delimiter: str, encoding: str) -> bytes:
    """In the file's own encoding, with no cell a formula: the readers take the apostrophe off again."""
    text = str(csv.writer(refused.Echo(), delimiter=delimiter).writerow(safe_row(cells)))
    return text.encode("utf-8" if encoding == "utf-8-sig" else encoding, "replace")


def _json_rows(source: Source, reasons: dict[int, str]) -> Iterator[bytes]:
    """What stands in front is put into the object, as text: a line that is no JSON stays what it is."""
    for number, line in lines(source, LONGEST_LINE):
        if line is None:
            continue
        added = json.dumps({"import_line": number, "import_reason": reasons[number]})
        rest = line.lstrip()
        is_object = rest.startswith(b"{") and not rest[1:].lstrip().startswith(b"}")
        yield (added[:-1].encode() + b", " + rest[1:] if is_object else line) + b"\n"
