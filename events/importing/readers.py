"""Which reader is for which kind of file, and as which source its events are appended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from events.importing import mapped, own_format, tlc
from events.importing.files import Source
from events.importing.mapping import Mapping
from events.importing.rows import Row


class Form(StrEnum):
    """The kinds of files that are read."""

    JSONL = "jsonl"
    CSV = "csv"
    TLC = "tlc"
    MAPPED = "mapped"
    """Another operator's CSV file, with a mapping."""


@dataclass(frozen=True)
class Reader:
    """How the files of one run are read, and as which source their events are appended."""

    source: str
    read: Callable[[Source], Iterator[Row]]

    def rows(self, sources: Sequence[Source], notes: list[str]) -> Iterator[Row]:
        """Every row of every file. Raises ImportFailed for a file that cannot be read (on)."""
        for source in sources:
            yield from self.read(source)
            notes.extend(f"{source.name}: {note}" for note in source.notes)


def reader_of(form: Form, *, source: str | None = None, columns: Mapping | None = None) -> Reader:
    """The reader of this kind. `source`: if it is not to be the kind's own. `columns`: of a mapped file."""
    if form is Form.MAPPED:
        if columns is None:
            raise ValueError("a mapped file needs its mapping")
        return Reader(source or columns.name, lambda file: mapped.read(file, columns))
    if form is Form.TLC:
        return Reader(source or "tlc-import", tlc.read)
    return Reader(
        source or "file-import", own_format.read_jsonl if form is Form.JSONL else own_format.read_csv
    )
