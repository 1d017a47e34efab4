"""Opening what the user names: a file, plain or gzip-compressed, or `-` for standard input."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self, cast

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
    """(line number, line without its end); None for one of more than `longest` bytes. Skips a UTF-8 BOM."""
    number = 0
    with _reading(source):
        while line := source.stream.readline(longest + 1):
            number += 1
            too_long = len(line) > longest and not line.endswith(b"\n")
            while too_long and line and not line.endswith(b"\n"):
                line = source.stream.readline(longest + 1)
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            if source.wanted(number):
                yield number, None if too_long else line.rstrip(b"\r\n")


def csv_rows(
    source: Source, delimiter: str = ",", encoding: str = "utf-8-sig"
) -> Iterator[tuple[Place, list[str] | RowRefused]]:
    """Each row of a CSV file that is not blank, with the line on which it ends.

    A byte that is not in the encoding becomes half a surrogate pair, which every field that is kept refuses:
    one bad row does not end the import. A last row without a line end is refused: nothing else would tell
    12.50 from a 12.50 that was cut down to 1, and what is imported stays. A header alone has nothing to lose.
    """
    with _reading(source):
        text = io.TextIOWrapper(source.stream, encoding=encoding, errors="surrogateescape", newline="")
        lines = _Lines(text)
        rows = csv.reader(lines, delimiter=delimiter)
        is_header = True
        while (fields := _next(rows)) is not None:
            if isinstance(fields, RowRefused) or len(fields) > 1 or "".join(fields).strip():
                if is_header or source.wanted(rows.line_num):
                    cut = not is_header and not lines.last.endswith(("\n", "\r"))
                    yield (
                        Place(source.name, rows.line_num),
                        RowRefused("no_line_end", _CUT) if cut else fields,
                    )
                is_header = False
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
            f"{source.name} is not a CSV file, or in another encoding: its first line is not text"
        )
    return header


class _Lines:
    """The lines of a text, one after the other; `last` is the one given last, with its end."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.last = ""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        self.last = next(self._text)
        return self.last


def _next(rows: Iterator[list[str]]) -> list[str] | RowRefused | None:
    """The next row; None at the end."""
    try:
        return next(rows, None)
    except csv.Error as error:
        return RowRefused("not_csv", f"the line cannot be read as CSV: {error}")


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
