"""`manage.py archive_ledger`: archives now what is new, as the schedule does. See docs/archive.md."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from projections import control, runner
from projections.archiving import archiver
from projections.archiving.archiver import CannotArchive
from projections.archiving.files import ArchiveInUse
from projections.archiving.manifest import BadManifest
from projections.checkpoints import ForeignCheckpoint, OtherVersion
from projections.projectors import projector
from projections.rebuild.errors import is_busy
from projections.terminal_tables import counted

FAILED, CANNOT_RUN = 1, 2


class Command(BaseCommand):
    help = (
        "Archives what is new at once, without waiting for the schedule's next run. Exit codes: 0 all is archived;"
        " 1 it could not be; 2 no archive is written here, or it is paused."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        consumer = projector("archive")
        if not archiver.is_on():
            raise CommandError(
                "FAREHISTORY_ARCHIVE names no folder: no archive is written", returncode=CANNOT_RUN
            )
        if consumer.name in control.paused():
            raise CommandError(
                "the archive is paused. Go on with it: manage.py projections resume archive",
                returncode=CANNOT_RUN,
            )
        try:
            events = runner.drain(consumer, runner.lagging(consumer))
        except (ArchiveInUse, CannotArchive, BadManifest, ForeignCheckpoint, OtherVersion) as error:
            raise CommandError(str(error), returncode=FAILED) from None
        except OperationalError as error:
            if not is_busy(error):
                raise
            raise CommandError(
                "a worker archives at this moment: try again when it is through", returncode=FAILED
            ) from None
        told = f"{counted(events, 'event')} archived" if events else "nothing was new"
        self.stdout.write(f"{told}; the archive is in {settings.FAREHISTORY_ARCHIVE}")
