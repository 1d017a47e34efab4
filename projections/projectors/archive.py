"""Writes the ledger to files that verify themselves. See docs/archive.md."""

from __future__ import annotations

import logging
from functools import cache

from events import feed
from projections.archiving import archiver
from projections.archiving.archiver import CannotArchive
from projections.archiving.files import ArchiveInUse
from projections.control import CannotReplay
from projections.projector import Page, Projector

logger = logging.getLogger(__name__)


class ArchiveProjector(Projector):
    """Moved by its own schedule alone: a file for every few events would be no archive.

    Files are written inside the transaction that moves the checkpoint. That holds nothing but this projection's own
    row; a file is small enough to be written and verified in a second or two, well within the role's five seconds
    for an idle transaction. Should a slow disk take longer, PostgreSQL ends the transaction, the file stays, and the
    next run takes it up without writing it again.
    """

    name = "archive"
    by_booking = False
    live = False
    page_events = 10_000

    def apply(self, page: Page) -> None:
        archiver.extend(feed.identity(), page.partition, page.upto)

    def positions(self, recorded: dict[int, int]) -> dict[int, int]:
        """Where the files themselves end, if some are missing. Without a folder there is nothing to do."""
        if not archiver.is_on():
            _say_that_it_is_off()
            return {partition: head for partition, head in feed.heads().items() if partition in recorded}
        reached = archiver.reached(feed.identity(), recorded)
        return {partition: min(position, reached[partition]) for partition, position in recorded.items()}

    def rewind(self, partition: int, after: int) -> None:
        """The files beyond this position are verified anew; those that are damaged or missing, written again."""
        try:
            archiver.begin_again(feed.identity(), partition, after)
        except (CannotArchive, ArchiveInUse) as error:
            raise CannotReplay(str(error)) from error


@cache
def _say_that_it_is_off() -> None:
    """Once in a process: it may well be meant."""
    logger.info("FAREHISTORY_ARCHIVE names no folder: the ledger is not archived")
