"""An import of trip files with worker and beat at work beside it, against a COPY of the events that it made.

Ends with the proof that every fare of the view is the fold of its events.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from django.core.management import call_command

from benchmarks import harness, tables
from benchmarks.harness import Bench
from benchmarks.report import Figure
from farehistory.demo import processes
from farehistory.embedded.state import CHECKOUT
from projections import runner
from projections.projectors.current_fare import CurrentFareProjector

DONE = (0, 1)  # exit codes of import_fares: all rows are in; some were refused, which real files have
BLOCK = 1 << 20


def measure(bench: Bench) -> Iterator[Figure]:
    bench.supervisor.start(processes.worker(), processes.beat())
    began = time.perf_counter()
    _import(bench)
    imported = time.perf_counter() - began
    while runner.lagging(CurrentFareProjector()):
        time.sleep(0.01)
    in_view = time.perf_counter() - began
    bench.supervisor.stop("beat", "worker")
    with bench.superuser() as superuser:
        events = tables.rows_in(superuser, "ledger.fare_event")
        bookings = tables.rows_in(superuser, "projection.current_fare")
    bench.report.note(f"{bookings:,} bookings, {events:,} events, imported in {imported:.1f} s")
    call_command("check_fares")  # leaves with an error if a fare differs
    yield Figure.of("bookings imported", [bookings / imported], unit="/s")
    yield Figure.of("events imported", [events / imported], unit="/s")
    yield Figure.of("view caught up after the import's end", [in_view - imported], unit=" s")
    yield Figure.of("import / COPY, events a second", [_copy_seconds(bench) / imported])


def _import(bench: Bench) -> None:
    limit = ["--limit", str(bench.options.limit)] if bench.options.limit else []
    command = [sys.executable, "manage.py", "import_fares", "--format", "tlc", *limit, *bench.options.files]
    done = subprocess.run(command, cwd=CHECKOUT, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode not in DONE:
        raise RuntimeError(f"import_fares ended with {done.returncode}:\n{done.stdout}")


def _copy_seconds(bench: Bench) -> float:
    """What a COPY of the ledger's events takes, from a file that is in memory."""
    with bench.superuser() as superuser, tempfile.TemporaryFile() as file:
        tables.make_bare(superuser)
        for block in tables.copy_out(superuser):
            file.write(block)
        file.seek(0)
        began = time.perf_counter()
        tables.copy_in(superuser, iter(lambda: file.read(BLOCK), b""))
        return time.perf_counter() - began


def main(arguments: list[str] | None = None) -> None:
    parser = harness.parser(__doc__)
    parser.add_argument("files", nargs="+", metavar="FILE", help="TLC trip records, plain or gzip")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N rows")
    harness.run(measure, parser.parse_args(arguments))


if __name__ == "__main__":
    main()
