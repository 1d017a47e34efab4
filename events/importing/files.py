"""Opening what the user names: a file, plain or gzip-compressed, or `-` for standard input."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, Self, cast

from events.csv_cells import unsafe
from events.importing.rows import ImportFailed, Place, RowRefused

_GZIP, _ZIP, _PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
_NOT_READ = {
    _ZIP: "is a ZIP archive: unpack it and import the files in it",
    _PARQUET: (
        "is a Parquet file, which is not read here: convert it to CSV first, for example with DuckDB:"
        " duckdb -c \"COPY (FROM 'trips.parquet') TO 'trips.csv.gz'\""
    ),
}
_CUT = (
    "the last line has no line end, so the file may be cut short here."
    " If it is complete, add the line end and run the import again"
)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_IS_UTF_16 = "is in UTF-16: save it as UTF-8"
_STRAY_BYTE = re.compile(r"[\udc80-\udcff]")

LONGEST_ROW: Final = 256 * 1024
"""Characters of a row of CSV: far beyond any, and a bound on what one can make us hold."""

MOST_COLUMNS: Final = 1000

MOST_BLANK: Final = 1_000_000
"""Blank lines after each other."""

ADDED: Final = frozenset({"import_line", "import_reason"})
"""Columns that a list of refused rows has beside those of the file. They are no part of a row."""

_LONGEST_LINE = 200_000_000
_PIECE = 1_000_000
_MOST_NAMED, _LONGEST_NAME = 20, 60

_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass
class Source:
    """An opened file: bytes after decompression, and how far the reading has got."""

    name: str
    stream: io.BufferedReader | gzip.GzipFile
    raw: BinaryIO | None = None
    """The file itself; its position tells the progress. None for standard input."""
    size: int | None = None
    """Bytes of the file on disk."""
    notes: list[str] = field(default_factory=list)
    """What the user should know of the file as a whole."""
    wanted: Callable[[int], bool] = lambda line: True
    """Which rows are read, by the line on which they end: those of others are passed over, as cheaply as can be."""

    def bytes_read(self) -> int:
        """Of `size`; 0 where that is not known."""
        if self.raw is None or self.size is None:
            return 0
        return self.size if self.raw.closed else self.raw.tell()

    def close(self) -> None:
        """Closes the file; standard input is the caller's."""
        if self.raw is not None:
            self.stream.close()
            self.raw.close()


def open_source(name: str, *, shown_as: str | None = None) -> Source:
    """`shown_as`: what places in the file are named after, if it is not where it was.

    Raises ImportFailed, saying what to do, if the file is not there or of a kind that is not read.
    """
    if name == "-":
        return _decompressed(Source("(standard input)", cast(io.BufferedReader, sys.stdin.buffer)))
    path, shown = Path(name), shown_as or name
    try:
        raw = path.open("rb")
        return _decompressed(Source(shown, raw, raw=raw, size=path.stat().st_size))
    except OSError as error:
        raise ImportFailed(f"{shown}: {error.strerror or error}") from None


def _decompressed(source: Source) -> Source:
    """By its first bytes, since names lie. Standard input cannot be rewound, so it is only looked at."""
    stream = cast(io.BufferedReader, source.stream)
    start = stream.peek(4)[:4]
    for magic, what_to_do in _NOT_READ.items():
        if start.startswith(magic):
            source.close()
            raise ImportFailed(f"{source.name} {what_to_do}")
    if start.startswith(_GZIP):
        source.stream = gzip.GzipFile(fileobj=stream)
    return source


def lines(source: Source, longest: int) -> Iterator[tuple[int, bytes | None]]:
    """(line number, line without its end); None for one of more than `longest` bytes. Skips a UTF-8 BOM.

    Blank lines are left out. Raises ImportFailed for what can be no file of lines, such as a bomb.
    """
    number = 0
    blank = _Blank(source)
    with _reading(source):
        while line := source.stream.readline(longest + 1):
            number += 1
            too_long = len(line) > longest and not line.endswith(b"\n")
            if too_long:
                _pass_over(source, source.stream.readline, b"\n")
            if number == 1:
                if line.startswith(_UTF_16):
                    raise ImportFailed(f"{source.name} {_IS_UTF_16}")
                line = line.removeprefix(codecs.BOM_UTF8)
            if not blank.is_so(not line.strip()) and source.wanted(number):
                yield number, None if too_long else line.rstrip(b"\r\n")


def csv_rows(
    source: Source, delimiter: str = ",", encoding: str = "utf-8-sig"
) -> Iterator[tuple[Place, list[str] | RowRefused]]:
    """Each row of a CSV file that is not blank, with the line on which it ends. The first is the header.

    Columns that a list of refused rows has put beside the row (`ADDED`) are left out, so that one which was put right
    can be imported as it is.

    A byte that is not in the encoding becomes half a surrogate pair, which every field that is kept refuses:
    one bad row does not end the import. A last row without a line end is refused: nothing else would tell
    12.50 from a 12.50 that was cut down to 1, and what is imported stays. A header alone has nothing to lose.
    So is a row that holds others, as where a quotation mark was opened and never closed: they would be lost in it.
    """
    with _reading(source):
        text = io.TextIOWrapper(source.stream, encoding=encoding, errors="surrogateescape", newline="")
        lines = _Lines(source, text)
        # Strict: a quotation mark in the middle of a quoted value shows that one before it was not closed.
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        blank = _Blank(source)
        header: list[str] | None = None
        dropped: list[int] = []
        while (fields := _next(rows, lines)) is not None:
            is_row = isinstance(fields, RowRefused) or len(fields) > 1 or "".join(fields).strip()
            if blank.is_so(not is_row):
                continue
            if header is None and not isinstance(fields, RowRefused):
                header = fields
                dropped = [i for i, name in enumerate(header) if name.strip() in ADDED]
            elif not source.wanted(lines.number):
                continue
            elif not isinstance(fields, RowRefused):
                fields = _objection(lines, fields, header or [], delimiter) or fields
            if dropped and not isinstance(fields, RowRefused):
                fields = [unsafe(field) for i, field in enumerate(fields) if i not in dropped]
            yield Place(source.name, lines.number), fields
        text.detach()  # else the stream would be closed with it, standard input too


def header_of(source: Source, rows: Iterator[tuple[Place, list[str] | RowRefused]]) -> list[str]:
    """The first of a file's rows. Raises ImportFailed if there is none, or it is no line of a CSV file."""
    _, header = next(rows, (None, None))
    if header is None:
        raise ImportFailed(f"{source.name}: the file is empty")
    if isinstance(header, RowRefused):
        raise ImportFailed(f"{source.name}: the header cannot be read: {header.reason}")
    if any(map(_NOT_TEXT.search, header)):
        raise ImportFailed(
            f"{source.name} is not a CSV file, or in another encoding: its first line is not text."
            " A spreadsheet saves it as CSV UTF-8"
        )
    if len(header) > MOST_COLUMNS:
        raise ImportFailed(
            f"{source.name} has {len(header):,} columns. At most {MOST_COLUMNS:,} are read: is it a file of fares?"
        )
    return header


def named(names: Iterable[str]) -> str:
    """Columns as a message lists them: some of them, and not the whole of a long name."""
    all_names = [name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…" for name in names]
    more = len(all_names) - _MOST_NAMED
    return ", ".join(all_names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def other_encoding(fields: Iterable[object]) -> str:
    """What to say beside the reason of a row that has bytes of another encoding; nothing if it has none."""
    found = any(isinstance(field, str) and _STRAY_BYTE.search(field) for field in fields)
    return (
        " (a byte of it is in another encoding than the file is read as: save the file as UTF-8)"
        if found
        else ""
    )


class _Lines:
    """The lines of a text, one after the other, none larger than may be. `last` is the one given last, with its end."""

    def __init__(self, source: Source, text: io.TextIOWrapper) -> None:
        self._source = source
        self._text = text
        self.last = ""
        self.number = 0
        self.first = 0
        """The line on which the row at hand begins."""
        self._size = 0

    def begin_row(self) -> None:
        self.first, self._size = self.number + 1, 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        self.last = self._text.readline(LONGEST_ROW + 1)
        if not self.last:
            raise StopIteration
        self.number += 1
        self._size += len(self.last)
        if self._size > LONGEST_ROW:
            if not self.last.endswith(("\n", "\r")):
                _pass_over(self._source, self._text.readline, ("\n", "\r"))
            raise RowRefused("too_large", f"the row has more than {LONGEST_ROW:,} characters{self.from_to()}")
        return self.last

    def from_to(self) -> str:
        """Where the row at hand stands, if on several lines."""
        if self.first >= self.number:
            return ""
        return (
            f": it runs from line {self.first} to line {self.number}, as where a quotation mark is opened and not"
            " closed. The rows in between are part of it"
        )


class _Blank:
    """Blank lines mean nothing; but millions of them in a row are a bomb, not a file."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._number = 0

    def is_so(self, is_blank: object) -> bool:
        """Whether it is one. Raises ImportFailed at the last that is put up with."""
        self._number = self._number + 1 if is_blank else 0
        if self._number > MOST_BLANK:
            raise ImportFailed(f"{self._source.name} has more than {MOST_BLANK:,} blank lines in a row")
        return bool(is_blank)


def _pass_over(source: Source, readline: Callable[[int], Any], ends: Any) -> None:
    """To the end of a line that is too long. Raises ImportFailed where it never seems to come."""
    for _ in range(_LONGEST_LINE // _PIECE):
        piece = readline(_PIECE)
        if not piece or piece.endswith(ends):
            return
    raise ImportFailed(
        f"{source.name} has a line of more than {_LONGEST_LINE // 10**6} MB: it is no file of rows"
    )


def _objection(
    lines: _Lines, fields: Sequence[str], header: Sequence[str], delimiter: str
) -> RowRefused | None:
    """Why a row that can be read cannot be trusted."""
    if not lines.last.endswith(("\n", "\r")):
        return RowRefused("no_line_end", _CUT)
    if lines.first < lines.number and len(header) > 1:
        inside = (
            line for field in fields if "\n" in field or "\r" in field for line in field.splitlines()[1:]
        )
        if any(line.count(delimiter) >= len(header) - 1 for line in inside):
            return RowRefused("not_csv", f"the row has others in it{lines.from_to()}")
    return None


def _next(rows: Iterator[list[str]], lines: _Lines) -> list[str] | RowRefused | None:
    """The next row; None at the end."""
    lines.begin_row()
    try:
        return next(rows, None)
    except RowRefused as refused:
        return refused
    except csv.Error as error:
        return RowRefused("not_csv", f"the row cannot be read as CSV: {error}{lines.from_to()}")


class _reading:
    """A file that ends early or is damaged ends the reading with a sentence, not a traceback."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (EOFError, zlib.error, gzip.BadGzipFile)):
            raise ImportFailed(f"{self.source.name} is damaged or cut short: {error}") from error
        if isinstance(error, OSError):
            raise ImportFailed(f"{self.source.name} cannot be read: {error}") from error
