"""The second step: partition by partition, the live view is compared with the rebuilt one at the same checkpoint.

The live view's worker waits only while the rebuild's last few events are applied. The comparison itself reads one
snapshot in which both checkpoints are the same, and holds no lock that anybody waits for.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Final

from django.db import OperationalError, connection, transaction
from django.db.models import F

from projections import findings, runner, set_aside, sql
from projections.compare import Difference, NotComparable, compare, count, first_version
from projections.models import Drift, Rebuild
from projections.projector import LIVE, NEXT
from projections.rebuild.errors import is_busy
from projections.rebuild.runs import end, move, taken
from projections.rebuild.standing import compared, mark, standings
from projections.rebuild.work import LeftOff, Work

LISTED: Final = 1000
"""Rows of a partition that are listed; all are counted."""
DATED: Final = 100
"""Rows of a partition for which the first version that differs is looked for."""
NAMED: Final = 5
"""Rows of a partition that the log names, with both values."""
TRIES: Final = 20

State = Rebuild.State
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """How one partition of the two views differs."""

    position: int
    """The checkpoint at which they were compared."""
    number: int = 0
    differences: list[Difference] = field(default_factory=list)
    """The first `LISTED` of them."""
    note: str = ""
    """Why they could not be compared."""


def compare_all(work: Work) -> None:
    """Compares what is not compared yet, then decides what comes next."""
    done = compared(work.projector)
    for partition in work.partitions:
        if partition not in done:
            if work.stop():
                return
            _compare(work, partition)
    if set(work.partitions) <= compared(work.projector):
        _decide(work)


def finding(work: Work, partition: int) -> Finding:
    """How the partition differs, both at one checkpoint.

    Raises NotComparable; LeftOff where the driver must stop.
    """
    for _ in range(TRIES):
        if work.stop():
            raise LeftOff
        with transaction.atomic():
            _take_snapshot()
            found = _found(work, partition)
        if found is not None:
            return found
        work.catch_up({partition: work.live([partition])[partition].position})
        with transaction.atomic():
            _meet(work, partition)
    with transaction.atomic():  # it does not stand still by itself: it is held for as long as this takes
        _meet(work, partition)
        found = _found(work, partition)
    if found is None:
        raise LeftOff  # another driver has gone on to the swap
    return found


def _compare(work: Work, partition: int) -> None:
    """Compares one partition and records it, or why it could not be compared."""
    try:
        found = finding(work, partition)
    except NotComparable as error:
        found = Finding(position=0, note=f"not compared: {error}")
    except OperationalError as error:
        if not is_busy(error):
            raise
        return  # another driver is at it; it comes round again
    _record(work, partition, found)


def _meet(work: Work, partition: int) -> None:
    """Takes both checkpoints and applies the last bit."""
    live = standings(work.projector, [partition], LIVE, locked=True)[partition]
    if live.ours:
        runner.drain(work.projector, [partition], schema=NEXT, upto={partition: live.position})


def _take_snapshot() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # Nobody waits for it, and a large partition takes its time.
        cursor.execute("SET LOCAL statement_timeout = '5min'")


def _found(work: Work, partition: int) -> Finding | None:
    """What differs; None where the two are not at one checkpoint."""
    projector = work.projector
    live = standings(projector, [partition], LIVE)[partition]
    if not live.ours:
        raise NotComparable("the live view was computed from another ledger or epoch")
    if live.position != standings(projector, [partition], NEXT)[partition].position:
        return None
    differences = compare(projector, partition, limit=LISTED)
    number = len(differences) if len(differences) < LISTED else count(projector, partition)
    return Finding(live.position, number, differences)


def _record(work: Work, partition: int, found: Finding) -> None:
    """Once, whoever else compared the partition too."""
    expected = work.is_new_version or _lacks_other_events(work, partition)
    rows = [
        Drift(
            projection=work.projector.name,
            partition=partition,
            table=difference.table,
            key=difference.key,
            booking_id=difference.booking_id,
            stored=difference.stored,
            rebuilt=difference.rebuilt,
            first_version=None if expected or place >= DATED else first_version(work.projector, difference),
            rebuild=work.rebuild,
            is_expected=expected,
        )
        for place, difference in enumerate(found.differences)
    ]
    with transaction.atomic():
        if taken(work.rebuild, State.COMPARING) is None or not _mark(work, partition, found.position):
            return
        if rows and not expected:
            findings.replace(work.projector.name, partition, rows)
        Drift.objects.bulk_create(rows, batch_size=LISTED)
        if not (found.number or found.note or work.is_new_version):
            findings.proven(work.projector.name, [partition], work.rebuild.started_at)
        run = Rebuild.objects.filter(pk=work.rebuild.pk)
        run.update(differences=F("differences") + found.number)
        if found.note:
            run.update(error=found.note)
    if rows and not expected:
        _alarm(work, partition, found.number, rows)


def _lacks_other_events(work: Work, partition: int) -> bool:
    """Whether sums must differ, because other bookings are set aside here than there."""
    if work.projector.by_booking:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT booking_id, position FROM "{NEXT}".set_aside'  # noqa: S608 - a constant
            " WHERE projection = %s AND partition = %s",
            [work.projector.name, partition],
        )
        here = set(cursor.fetchall())
    live = set_aside.of(work.projector.name)
    return here != {(each.booking_id, each.position) for each in live if each.partition == partition}


def _mark(work: Work, partition: int, position: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.statement("mark_compared"),
            {
                "mark": mark(work.projector.name),
                "partition": partition,
                "position": position,
                "version": work.projector.version,
            },
        )
        return bool(cursor.rowcount)


def _alarm(work: Work, partition: int, number: int, rows: list[Drift]) -> None:
    named = "; ".join(
        f"{row.booking_id or row.key} from version {row.first_version} on: stored {row.stored}, rebuilt {row.rebuilt}"
        for row in rows[:NAMED]
    )
    logger.error(
        "drift: %s in %s, partition %s, not what the ledger says: %s%s",
        "1 row is" if number == 1 else f"{number:,} rows are",
        *(work.projector.name, partition, named, "; …" if number > NAMED else ""),
    )


def _decide(work: Work) -> None:
    if work.rebuild.dry_run:
        end(work.rebuild, State.COMPARED)
    elif not (work.is_new_version and _waits(work.rebuild)):
        move(work.rebuild, State.COMPARING, State.SWAPPING)


def _waits(rebuild: Rebuild) -> bool:
    """Lets it wait for acceptance, unless it was accepted by now."""
    return bool(
        Rebuild.objects.filter(pk=rebuild.pk, state=State.COMPARING, accept=False).update(state=State.WAITING)
    )
