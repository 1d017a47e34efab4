"""`manage.py verify_archive FOLDER`: an archive verified from its files alone. See docs/archive.md."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.table import Table

from projections.archiving import verify
from projections.archiving.verify import Epoch, NoArchive
from projections.terminal_tables import counted, written

RIGHT, WRONG, COULD_NOT_RUN = 0, 1, 2


class Command(BaseCommand):
    help = (
        "Verifies every file of an archive, without database and network: the chain of hashes from the first event"
        " on, contents, manifests. Exit codes: 0 all is right; 1 something is not; 2 it could not run."
    )
    # Whoever verifies has the files and this program, not our servers.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="FOLDER", help="the archive, or one epoch of it")
        parser.add_argument("--json", action="store_true", help="the whole finding as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            epochs = verify.verify(options["folder"])
        except (NoArchive, OSError) as error:
            raise CommandError(str(error), returncode=COULD_NOT_RUN) from None
        if options["json"]:
            self.stdout.write(json.dumps([asdict(epoch) for epoch in epochs], default=str, indent=1))
        else:
            for epoch in epochs:
                self._tell(epoch)
        if any(epoch.all_faults() for epoch in epochs):
            sys.exit(WRONG)

    def _tell(self, epoch: Epoch) -> None:
        faults = epoch.all_faults()
        self.stdout.write(f"ledger {epoch.ledger_id}, epoch {epoch.epoch}")
        self.stdout.write(written(_table(epoch)))
        for note in epoch.notes:
            self.stdout.write(f"note: {note}")
        for fault in faults:
            self.stdout.write(f"WRONG: {fault}")
        events = sum(partition.events for partition in epoch.partitions)
        files = sum(partition.files for partition in epoch.partitions)
        erased = sum(partition.erased for partition in epoch.partitions)
        told = (
            f"{counted(events, 'event')} in {counted(files, 'file')}"
            f" of {counted(len(epoch.partitions), 'partition')} verified"
        )
        if erased:
            told += f", {erased:,} of them without their content, which was erased"
        self.stdout.write(told + (f"; {counted(len(faults), 'fault')}" if faults else "; all is right"))


def _table(epoch: Epoch) -> Table:
    table = Table("partition", "files", "events", "last hash", "")
    for number in (1, 2):
        table.columns[number].justify = "right"
    for found in epoch.partitions:
        verdict = "WRONG" if found.faults else ""
        table.add_row(found.name, f"{found.files:,}", f"{found.events:,}", found.last_hash, verdict)
    return table
