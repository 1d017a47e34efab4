"""The last step of a whole rebuild: its tables and the live ones change places, in one short transaction.

Checkpoints are taken first, so that nothing moves; then the last events are applied; the tables come last. Readers
wait from there to the commit, and never behind somebody who reads for long: the swap gives up then and tries again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Final

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from events import feed
from projections import control, findings, runner, sql
from projections.checkpoints import ForeignCheckpoint
from projections.columns import columns_of
from projections.models import Drift, Rebuild
from projections.projector import KEPT, LIVE, NEXT, Projector
from projections.rebuild.errors import SwapBlocked, is_busy
from projections.rebuild.runs import forget_checkpoints, taken
from projections.rebuild.standing import Standing, standings
from projections.rebuild.work import Work

CHECKPOINTS_WITHIN: Final = "200ms"
"""How long a swap waits for a worker to end its page."""
TABLES_WITHIN: Final = "50ms"
"""How long it waits for readers: those that come later wait behind it."""
AUTOVACUUM_WITHIN: Final = "3s"
"""Autovacuum leaves a table to whoever has waited for it for PostgreSQL's `deadlock_timeout`, one second."""
LAST_EVENTS: Final = 5_000
"""More than these are not applied while the live view's workers wait."""
TRIES: Final = 60

logger = logging.getLogger(__name__)


def swap(work: Work) -> None:
    """Tries until the tables have changed places, it must stop, or it has tried long enough (SwapBlocked)."""
    for pause in _pauses():
        work.catch_up(feed.heads() if work.is_new_version else work.goals())
        if work.stop():
            return
        try:
            _send_autovacuum_away(work.projector)
            if _swapped(work):
                return
        except OperationalError as error:
            if not is_busy(error):
                raise
            logger.info("the swap of %s tries again in %.2f s: %s", work.projector.name, pause, error)
        time.sleep(pause)
    raise SwapBlocked(f"{work.projector.name} could not be swapped in: {_who_is_in_the_way(work.projector)}")


def _pauses() -> Iterator[float]:
    """0.05, 0.1, 0.2, … s up to one second, in all about a minute."""
    for attempt in range(TRIES):
        yield min(0.05 * 2**attempt, 1.0)


def _send_autovacuum_away(projector: Projector) -> None:
    """It may hold a large table for minutes, and yields only to those who wait longer than a swap may.

    This lock is one that no reader and no writer waits for.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        _wait_at_most(AUTOVACUUM_WITHIN)
        for schema in (LIVE, NEXT):
            for table in projector.tables:
                if columns_of(schema, table).types:
                    cursor.execute(f'LOCK TABLE "{schema}"."{table}" IN SHARE UPDATE EXCLUSIVE MODE')


def _swapped(work: Work) -> bool:
    """One attempt; False where too many events came meanwhile. Raises OperationalError where a lock was not had."""
    committed: list[float] = []
    with transaction.atomic():
        # Before all else that waits for the commit.
        transaction.on_commit(lambda: committed.append(time.perf_counter()))
        _wait_at_most(CHECKPOINTS_WITHIN)
        rebuild = taken(work.rebuild, Rebuild.State.SWAPPING)
        if rebuild is None or rebuild.cancel_requested_at is not None:
            return True  # there is nothing left to do for us
        if not _met(work.projector, work.partitions):
            return False
        _take_over(work.projector)
        _finish(rebuild, is_new_version=work.is_new_version)
        began = time.perf_counter()
        _wait_at_most(TABLES_WITHIN)
        _change_places(work.projector)
    swap_ms = (committed[0] - began) * 1000
    Rebuild.objects.filter(pk=rebuild.pk).update(swap_ms=swap_ms)
    logger.info("%s was swapped in; readers could have waited %.1f ms", work.projector.name, swap_ms)
    return True


def _wait_at_most(limit: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{limit}'")


def _met(projector: Projector, partitions: list[int]) -> bool:
    """Takes all checkpoints, live ones first, and brings the rebuild to where the live view is."""
    live = standings(projector, partitions, LIVE, locked=True)
    rebuilt = standings(projector, partitions, NEXT, locked=True)
    if not all(standing.ours for standing in rebuilt.values()):
        raise ForeignCheckpoint(f"the rebuild of {projector.name} was computed from another ledger or epoch")
    behind = _behind(live, rebuilt)
    if sum(behind[partition] - rebuilt[partition].position for partition in behind) > LAST_EVENTS:
        return False
    runner.drain(projector, behind, schema=NEXT, page_events=LAST_EVENTS, upto=behind)
    return True


def _behind(live: dict[int, Standing], rebuilt: dict[int, Standing]) -> dict[int, int]:
    """Partition → the live view's position, where the rebuild has not got there."""
    return {
        partition: standing.position
        for partition, standing in live.items()
        if standing.ours and rebuilt[partition].position < standing.position
    }


def _take_over(projector: Projector) -> None:
    """Checkpoints and what is set aside are from now on the rebuild's; its rows have changed without an event."""
    which = {"projection": projector.name}
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("take_over_checkpoints"), which)
        cursor.execute(f'DELETE FROM "{LIVE}".set_aside WHERE projection = %(projection)s', which)  # noqa: S608
        cursor.execute(
            f'INSERT INTO "{LIVE}".set_aside'  # noqa: S608 - constants
            f' SELECT * FROM "{NEXT}".set_aside WHERE projection = %(projection)s',
            which,
        )
    forget_checkpoints(projector.name)
    control.raise_generation(projector.name)


def _finish(rebuild: Rebuild, *, is_new_version: bool) -> None:
    now = timezone.now()
    if not is_new_version:
        findings.proven(rebuild.projection, rebuild.partitions, rebuild.started_at)
    Rebuild.objects.filter(pk=rebuild.pk).update(state=Rebuild.State.DONE, finished_at=now)
    drift = Drift.objects.filter(projection=rebuild.projection, is_expected=False, put_right_at=None)
    drift.update(put_right_at=now)


def _change_places(projector: Projector) -> None:
    with connection.cursor() as cursor:
        for table in projector.tables:
            cursor.execute(f'ALTER TABLE IF EXISTS "{LIVE}"."{table}" SET SCHEMA "{KEPT}"')
            cursor.execute(f'ALTER TABLE "{NEXT}"."{table}" SET SCHEMA "{LIVE}"')


def _who_is_in_the_way(projector: Projector) -> str:
    """The oldest transaction that has read or written one of the tables, in words."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("holders_of_tables"), {"schema": LIVE, "tables": list(projector.tables)})
        row = cursor.fetchone()
    if row is None:
        return "its tables or checkpoints were in use at every attempt"
    pid, seconds = row
    return f"process {pid} of the database has them in a transaction that is {seconds} s old"
