"""`manage.py import_fares`: fares from files into the ledger. See docs/importing.md."""

from __future__ import annotations

import os
import signal
import sys
import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from types import FrameType
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.importing import mapping, summary
from events.importing.account import Account, printable
from events.importing.files import Source, open_source
from events.importing.importer import Importer
from events.importing.progress import Progress
from events.importing.readers import Form, Reader, reader_of
from events.importing.rehearsal import Rehearsal
from events.importing.report import Report
from events.importing.rows import ImportFailed, Outcome
from events.importing.seen import Seen
from events.new_event import SOURCE

ALL_FINE, SOME_REFUSED, COULD_NOT_RUN, STOPPED = 0, 1, 2, 130


class Command(BaseCommand):
    help = (
        "Imports fares from files through the ledger. Running it again adds nothing."
        " Exit codes: 0 all rows are in, 1 some were refused, 2 it could not run or go on,"
        " 130 stopped by Ctrl-C."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("files", nargs="+", metavar="FILE", help="plain or gzip-compressed; - is standard input")
        add("--format", required=True, choices=("tlc", "jsonl", "csv"), help="see docs/importing.md")
        add("--mapping", metavar="TOML", help="what the columns of another operator's CSV file mean")
        add("--source", type=_source, help="source of the events (tlc-import, file-import, mapping's name)")
        add("--dry-run", action="store_true", help="read and check only; nothing is written")
        add("--report", metavar="FILE", help="list every row that is not plainly in: JSON Lines, or .csv")
        add("--limit", type=_count, metavar="N", help="read only the first N rows")
        add("--quiet", action="store_true", help="no progress, only the summary")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = self._run(options)
        except KeyboardInterrupt:
            self._end_at_once()
        except ImportFailed as error:
            raise CommandError(printable(str(error)), returncode=COULD_NOT_RUN) from None
        if code != ALL_FINE:
            sys.exit(code)

    def _run(self, options: dict[str, Any]) -> int:
        began = time.monotonic()
        with ExitStack() as stack:
            reader = _reader(options)
            sources = [stack.enter_context(_opened(name)) for name in options["files"]]
            report = stack.enter_context(Report(options["report"])) if options["report"] else None
            progress = Progress(
                options.get("stderr") or sys.stderr,
                percent_read=_percent_read(sources),
                quiet=options["quiet"],
            )
            account = Account(progress, report)
            stop = stack.enter_context(_stop_on_interrupt())
            rehearsal = None
            if options["dry_run"]:
                seen = stack.enter_context(Seen.for_one_process())
                rehearsal = Rehearsal(seen, reader.source)
            importer = Importer(
                source=reader.source, observer=account, rehearsal=rehearsal, should_stop=stop.requested
            )
            with progress:
                importer.run(islice(reader.rows(sources, account.notes), options["limit"]))
        if importer.failure is None or importer.tally.rows():
            self._tell(importer, account, options, time.monotonic() - began)
        if importer.failure is not None:
            raise importer.failure
        if stop.requested():
            return STOPPED
        tally = importer.tally
        return SOME_REFUSED if tally.rows(Outcome.REFUSED) + tally.rows(Outcome.PARTLY) else ALL_FINE

    def _tell(self, importer: Importer, account: Account, options: dict[str, Any], seconds: float) -> None:
        told = summary.lines(
            importer.tally, account, seconds=seconds, dry_run=options["dry_run"], report=options["report"]
        )
        for line in map(printable, (*account.notes, *told)):
            self.stdout.write(line)

    def _end_at_once(self) -> NoReturn:
        """Without Python's own end, which would wait for the batch that the settler's thread has under way."""
        self.stderr.write("ended at once. Run the import again: what is in already is not repeated.")
        self.stdout.flush()
        self.stderr.flush()
        os._exit(STOPPED)


def _reader(options: dict[str, Any]) -> Reader:
    form, mapping_file = options["format"], options["mapping"]
    if mapping_file is not None and form != "csv":
        raise ImportFailed("--mapping goes with --format csv")
    if mapping_file is None:
        return reader_of(Form(form), source=options["source"])
    return reader_of(Form.MAPPED, source=options["source"], columns=mapping.load(mapping_file))


@contextmanager
def _opened(name: str) -> Iterator[Source]:
    source = open_source(name)
    try:
        yield source
    finally:
        source.close()


def _percent_read(sources: Sequence[Source]) -> Callable[[], float | None]:
    """Unknown if standard input is among the files, or all are empty."""
    sizes = [source.size for source in sources if source.size is not None]
    size = sum(sizes) if len(sizes) == len(sources) else 0
    return lambda: 100 * sum(source.bytes_read() for source in sources) / size if size else None


class _Stop:
    """The first Ctrl-C ends the run after the batch at hand; a second one ends it at once."""

    def __init__(self) -> None:
        self._requested = False

    def requested(self) -> bool:
        return self._requested

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self._requested:
            raise KeyboardInterrupt
        self._requested = True
        sys.stderr.write("\nstopping after this batch …\n")


@contextmanager
def _stop_on_interrupt() -> Iterator[_Stop]:
    stop = _Stop()
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _source(text: str) -> str:
    if not SOURCE.fullmatch(text):
        raise ArgumentTypeError("must be 1 to 48 of a-z 0-9 - and start with a letter")
    return text


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ArgumentTypeError("must be a whole number from 1")
    return int(text)
