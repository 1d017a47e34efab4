"""An import's steps. Each reads one batch of rows, settles it by the ledger, and says what the record is to keep.

A batch is made of the rows after the last that is settled, always the same number of events: so a step that is done
again has the same rows. Its events carry the step as their request id; what is in already under that id was written
by the try that died, and is counted as imported, not as a duplicate.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from events.importing import mapping
from events.importing.account import printable
from events.importing.files import Source, open_source
from events.importing.importer import BATCH_EVENTS, MAX_WAITING, Importer
from events.importing.readers import Form, Reader, reader_of
from events.importing.rehearsal import Rehearsal
from events.importing.rows import ImportFailed, PlannedRow, Row
from events.importing.seen import Seen
from events.transfers import folder, inbox, limits, refused
from events.transfers.counts import Counts
from events.transfers.models import Transfer

BATCH_VOIDS: Final = 1000

_LONGEST_ERROR: Final = 2000

_READ_OVER_SECONDS: Final = 120.0
_LOOK_AT_THE_CLOCK: Final = 1000
"""Once in so many lines."""

Changes = dict[str, Any]
"""What a step changes in the run's row."""


def steps(run: Transfer) -> Iterator[Changes]:
    """The steps that are left of a run. Its row must have taken the changes before the next one is asked for.

    Raises Unavailable where the ledger does not answer, FilesAway, OSError: the step counts for nothing then.
    """
    if not run.is_dry:
        folder.remove(run.pk, folder.SEEN)
    try:
        if not run.file_sha256:
            yield _taken_in(run)
        reader = reader_for(run)
        yield from _read(run, reader)
        while run.reached.get("waiting"):
            yield _voids_settled(run, reader)
    except ImportFailed as error:
        yield _ended(run, Transfer.State.FAILED, printable(str(error))[:_LONGEST_ERROR])
        return
    yield _checked(run) if run.is_dry else _ended(run, Transfer.State.DONE)


def reader_for(run: Transfer) -> Reader:
    """The reader of the kind of file that was named. Raises ImportFailed for a mapping that is none."""
    form = Form(run.asked["form"])
    columns = mapping.parsed(run.asked["mapping"], _("The mapping")) if form is Form.MAPPED else None
    return reader_of(form, source=run.asked.get("source") or None, columns=columns)


def request_id_of(run: Transfer) -> str:
    """What the events of the next step carry, and no others."""
    return f"import:{run.pk}:{run.step}"


def copied(source: BinaryIO, to: Path, largest: int) -> tuple[int, str]:
    """Copies a file, and answers its size and SHA-256. Raises ImportFailed if it is larger than it may be."""
    digest, size = sha256(), 0
    with folder.going_on(to, 0) as file:
        while part := source.read(limits.MEGABYTE):
            size += len(part)
            if size > largest:
                raise ImportFailed(too_large(largest))
            digest.update(part)
            file.write(part)
    folder.sync(to.parent)
    return size, digest.hexdigest()


def too_large(largest: int) -> str:
    """What is said of a file with more bytes than that."""
    return _("The file has more than %(most)s MB. Split it, or use the command import_fares.") % {
        "most": largest // limits.MEGABYTE
    }


def _taken_in(run: Transfer) -> Changes:
    """Copies a file of the import folder: what was checked is what is imported, whatever becomes of the original."""
    try:
        with inbox.opened(run.asked["path"]) as file:
            size, digest = copied(file, folder.folder_of(run.pk) / folder.IMPORTED, limits.largest_import())
    except inbox.NotThere as error:
        raise ImportFailed(str(error)) from error
    return {"file_size": size, "file_sha256": digest, "whole": size}


def _read(run: Transfer, reader: Reader) -> Iterator[Changes]:
    """The rows that are left to be read, a batch a step."""
    last = run.reached.get("line", 0)
    with closing(_opened(run)) as source:
        source.wanted = partial(_is_after, last, time.monotonic() + _READ_OVER_SECONDS)
        with closing(_read_ahead(_batches(reader.read(source)))) as batches:
            for batch in batches:
                if run.is_dry and run.counts.get("report", 0) > limits.LARGEST_LIST:
                    raise ImportFailed(
                        _("Millions of its rows are refused or in already. Is it the right kind of file?")
                    )
                step = _Step(run, reader, source)
                step.count(batch)
                waiting = [*run.reached.get("waiting", []), *step.settled(batch)]
                yield step.changes(line=batch[-1].place.line, waiting=waiting)


def _is_after(last: int, until: float, line: int) -> bool:
    """Whether a row is one of those that are left. Raises ImportFailed where it takes too long to get to them.

    Else a task's time would be over before it has done anything, again and again: small files may unpack to huge ones.
    """
    if line > last:
        return True
    if line % _LOOK_AT_THE_CLOCK == 0 and time.monotonic() > until:
        raise ImportFailed(
            _("The file is too large to be imported in steps. Split it, or use the command import_fares.")
        )
    return False


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Raises ImportFailed where reading breaks off, after the rows before."""
    batch: list[Row] = []
    events = 0
    broken: ImportFailed | None = None
    try:
        for row in rows:
            batch.append(row)
            events += len(row.events) if isinstance(row, PlannedRow) else 1
            if events >= BATCH_EVENTS:
                yield batch
                batch, events = [], 0
    except ImportFailed as error:
        broken = error
    if batch:
        yield batch
    if broken is not None:
        raise broken


def _read_ahead(batches: Iterator[list[Row]]) -> Generator[list[Row]]:
    """The same, each read by a thread while the database is at work at the one before. Leaves once that has ended."""
    with ThreadPoolExecutor(1, thread_name_prefix="import") as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def _voids_settled(run: Transfer, reader: Reader) -> Changes:
    """Voids that had not found their trip when they were read: now it is in, or it never comes."""
    waiting: list[int] = run.reached["waiting"]
    now = set(waiting[:BATCH_VOIDS])
    with closing(_opened(run)) as source:
        source.wanted = now.__contains__
        step = _Step(run, reader, source)
        step.settled(list(reader.read(source)), may_wait=False)
        return step.changes(waiting=waiting[BATCH_VOIDS:])


@dataclass
class _Step:
    """One batch: what becomes of its rows, and what is kept of it."""

    run: Transfer
    reader: Reader
    source: Source

    def __post_init__(self) -> None:
        self.rows = refused.Rows()
        self.importer = Importer(
            source=self.reader.source,
            observer=self.rows,
            request_id=request_id_of(self.run),
            most_waiting=MAX_WAITING - len(self.run.reached.get("waiting", [])),
        )

    def count(self, batch: Sequence[Row]) -> None:
        for row in batch:
            self.importer.tally.row_read(row)

    def settled(self, batch: Sequence[Row], *, may_wait: bool = True) -> list[int]:
        """Lines of the voids that have to wait for their trip. Raises Unavailable."""
        if self.run.is_dry:
            self._rehearsed(batch, may_wait)
        else:
            self.importer.settle(batch, may_wait=may_wait)
        if self.importer.away is not None:
            raise self.importer.away
        return [row.place.line for row in self.importer.waiting]

    def changes(self, **reached: Any) -> Changes:
        """What the record is to have once the step is done."""
        run, tally = self.run, self.importer.tally
        counts = Counts.of(run.counts)
        counts.add(tally)
        path = folder.folder_of(run.pk) / (refused.OF_CHECK if run.is_dry else refused.OF_IMPORT)
        report = self.rows.written(path, run.counts.get("report", 0))
        first = refused.shown_with(run.counts.get("first", []), self.rows.first)
        notes = sorted({*run.counts.get("notes", []), *map(printable, self.source.notes)})
        return {
            "reached": {**run.reached, **reached},
            "counts": {**counts.kept(), "report": report, "first": first, "notes": notes},
            "rows": run.rows + tally.rows(),
            "done": max(run.done, self.source.bytes_read()),
        }

    def _rehearsed(self, batch: Sequence[Row], may_wait: bool) -> None:
        with Seen.opened(folder.folder_of(self.run.pk) / folder.SEEN, self.run.step) as seen:
            self.importer.rehearsal = Rehearsal(seen, self.reader.source)
            self.importer.settle(batch, may_wait=may_wait)


def _opened(run: Transfer) -> Source:
    return open_source(str(folder.folder_of(run.pk) / folder.IMPORTED), shown_as=run.file_name)


def _checked(run: Transfer) -> Changes:
    """The dry run is over: the run waits, and begins again from the first row if somebody lets it."""
    return {
        "state": Transfer.State.CHECKED,
        "check_counts": {**Counts.of(run.counts).kept(), **_shown(run)},
        "counts": {},
        "reached": {},
        "done": run.file_size or 0,
    }


def _ended(run: Transfer, state: Transfer.State, error: str = "") -> Changes:
    return {"state": state, "finished_at": timezone.now(), "error": error}


def _shown(run: Transfer) -> dict[str, Any]:
    return {
        "report": run.counts.get("report", 0),
        "first": run.counts.get("first", []),
        "notes": run.counts.get("notes", []),
    }
