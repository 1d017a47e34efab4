"""An export's steps, each of which writes some more of the file; and the small ones, which are sent as they are read.

Which positions are looked at is fixed when the export is asked for, and events never change: so what is sent at once
is counted before, and a step that is done again writes the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from hashlib import file_digest
from typing import Any, Final

from django.utils import timezone

from events.transfers import folder
from events.transfers.export_filter import LedgerFilter, Range, pieces
from events.transfers.export_lines import ExportForm, Lines
from events.transfers.models import Transfer

_WORK_SECONDS: Final = 1.0
"""What a step writes, in time: the least that is done again after its process died."""

Changes = dict[str, Any]


def steps(run: Transfer) -> Iterator[Changes]:
    """The steps that are left of a run. Its row must have taken the changes before the next one is asked for.

    Raises FilesAway, OSError (as where the disk is full), or a database's error: the step counts for nothing then.
    """
    while run.reached.get("range", 0) < len(run.asked["ranges"]):
        yield _written_on(run)
    yield _finished(run)


def lines_of(run: Transfer) -> Lines:
    """How the run's file is written."""
    return Lines(ExportForm(run.asked["form"]), with_metadata=run.asked["with_metadata"])


def streamed(run: Transfer) -> Iterator[bytes]:
    """The whole export, a page at a time, for one that is sent at once."""
    lines, wanted = lines_of(run), LedgerFilter.of(run.asked["filters"])
    yield lines.head
    for each in run.asked["ranges"]:
        part = Range(*each)
        while len(part):
            events, upto = wanted.page(next(pieces(part)))
            yield lines.of(events)
            part = Range(part.partition, upto, part.upto)


def _written_on(run: Transfer) -> Changes:
    """About a second's work and one piece at least, behind what the file has already."""
    lines, wanted = lines_of(run), LedgerFilter.of(run.asked["filters"])
    at, size = _Reached(run), run.reached.get("bytes", 0)
    until = time.monotonic() + _WORK_SECONDS
    with folder.going_on(folder.folder_of(run.pk) / folder.EXPORTED, size) as file:
        if not size:
            size += file.write(lines.head)
        while (piece := at.next_piece()) is not None:
            events, upto = wanted.page(piece)
            size += file.write(lines.of(events))
            at.passed(piece, upto, len(events))
            if time.monotonic() >= until:
                break
    return {
        "reached": {"range": at.range, "position": at.position, "bytes": size},
        "rows": run.rows + at.rows,
        "done": run.done + at.looked_at,
    }


def _finished(run: Transfer) -> Changes:
    path = folder.folder_of(run.pk) / folder.EXPORTED
    with folder.going_on(path, run.reached.get("bytes", 0)) as file:
        if not run.reached.get("bytes"):
            file.write(lines_of(run).head)
    folder.sync(path.parent)
    with path.open("rb") as written:
        digest = file_digest(written, "sha256").hexdigest()
    return {
        "state": Transfer.State.DONE,
        "finished_at": timezone.now(),
        "file_size": path.stat().st_size,
        "file_sha256": digest,
    }


class _Reached:
    """Where in its ranges an export is."""

    def __init__(self, run: Transfer) -> None:
        self._ranges = [Range(*each) for each in run.asked["ranges"]]
        self.range: int = run.reached.get("range", 0)
        self.position: int | None = run.reached.get("position")
        self.rows = self.looked_at = 0

    def next_piece(self) -> Range | None:
        """What is to be read next; None at the end."""
        if self.range >= len(self._ranges):
            return None
        part = self._ranges[self.range]
        after = part.after if self.position is None else self.position
        return next(pieces(Range(part.partition, after, part.upto)))

    def passed(self, piece: Range, upto: int, rows: int) -> None:
        """A piece was looked at up to there."""
        self.rows += rows
        self.looked_at += upto - piece.after
        ends = upto >= self._ranges[self.range].upto
        self.position = None if ends else upto
        self.range += ends
