"""The last step of a rebuild of some partitions: only the rows that differ are replaced, under the checkpoint's lock.

One booking can be put right the same way, without a rebuild.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.sql import SQL, Composed, Identifier

from events.partitions import partition_of
from projections import control, findings, runner, set_aside
from projections.columns import columns_of
from projections.compare import Difference
from projections.models import Drift, Rebuild
from projections.projector import LIVE, NEXT, Projector
from projections.rebuild.comparing import LISTED, finding
from projections.rebuild.errors import is_busy
from projections.rebuild.runs import end, taken
from projections.rebuild.standing import compared, mark, standings
from projections.rebuild.work import Work


def repair_booking(projector: Projector, booking_id: str) -> None:
    """Folds one booking anew from version 1, and notes its drift as put right.

    Raises CannotFoldOne; the projector's own error, with nothing changed.
    """
    with transaction.atomic():
        set_aside.fold_anew(projector, booking_id)
        _note_put_right(projector.name, partition_of(booking_id), booking_id=booking_id)


def put_right(work: Work) -> None:
    """Puts every partition right that was compared; each is then struck off, so that a kill repeats nothing."""
    for partition in sorted(compared(work.projector)):
        if work.stop():
            return
        try:
            while not _put_right(work, partition):
                pass
        except OperationalError as error:
            if not is_busy(error):
                raise
    if not compared(work.projector):
        end(work.rebuild, Rebuild.State.DONE)


def _put_right(work: Work, partition: int) -> bool:
    """Replaces at most `LISTED` rows; True if none is left that differs."""
    found = finding(work, partition)
    with transaction.atomic():
        if taken(work.rebuild, Rebuild.State.SWAPPING) is None:
            return True
        live = standings(work.projector, [partition], LIVE, locked=True)[partition]
        runner.drain(work.projector, [partition], schema=NEXT, upto={partition: live.position})
        _replace(work.projector, partition, found.differences)
        if len(found.differences) < LISTED:
            _strike_off(work.projector, partition)
            findings.proven(work.projector.name, [partition], work.rebuild.started_at)
            _note_put_right(work.projector.name, partition)
            return True
    return False


def _replace(projector: Projector, partition: int, differences: list[Difference]) -> None:
    """The live rows of these keys become what the rebuild has, and so do those of bookings that were set aside."""
    keys: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for difference in differences:
        keys[difference.table].append(difference.key)
    aside = _set_aside(projector, partition) if projector.by_booking else []
    with connection.cursor() as cursor:
        for table in projector.tables:
            which: dict[str, Any] = {
                "keys": json.dumps(keys[table]),
                "partition": partition,
                "bookings": aside,
            }
            for statement in _replacing(table, of_bookings=projector.by_booking):
                cursor.execute(statement.as_string(None), which)
        _take_over_set_aside(cursor, projector, partition)
    if differences or aside:
        control.raise_generation(projector.name)


def _replacing(table: str, *, of_bookings: bool) -> tuple[Composed, Composed]:
    columns = columns_of(LIVE, table)
    names = SQL(", ").join(map(Identifier, columns.written))
    key = SQL(", ").join(map(Identifier, columns.key))
    parts = {
        "live": Identifier(LIVE, table),
        "rebuilt": Identifier(NEXT, table),
        "names": names,
        "which": SQL(
            "row.partition = %(partition)s AND (({own_key}) IN"
            " (SELECT {key} FROM jsonb_populate_recordset(NULL::{live}, %(keys)s)){or_aside})"
        ).format(
            own_key=SQL(", ").join(Identifier("row", name) for name in columns.key),
            key=key,
            live=Identifier(LIVE, table),
            or_aside=SQL(" OR row.booking_id = ANY (%(bookings)s)" if of_bookings else ""),
        ),
    }
    return (
        SQL("DELETE FROM {live} AS row WHERE {which}").format(**parts),
        SQL("INSERT INTO {live} ({names}) SELECT {names} FROM {rebuilt} AS row WHERE {which}").format(
            **parts
        ),
    )


def _set_aside(projector: Projector, partition: int) -> list[str]:
    """The bookings that are set aside on either side, which the comparison leaves out."""
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ".join(
                f'SELECT booking_id FROM "{schema}".set_aside'  # noqa: S608 - constants
                " WHERE partition = %(partition)s AND projection = %(projection)s"
                for schema in (LIVE, NEXT)
            ),
            {"partition": partition, "projection": projector.name},
        )
        return [booking for (booking,) in cursor.fetchall()]


def _take_over_set_aside(cursor: Any, projector: Projector, partition: int) -> None:
    which = {"partition": partition, "projection": projector.name}
    where = " WHERE partition = %(partition)s AND projection = %(projection)s"
    cursor.execute(f'DELETE FROM "{LIVE}".set_aside{where}', which)  # noqa: S608 - constants
    cursor.execute(
        f'INSERT INTO "{LIVE}".set_aside SELECT * FROM "{NEXT}".set_aside{where}',  # noqa: S608
        which,
    )


def _strike_off(projector: Projector, partition: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f'DELETE FROM "{NEXT}".checkpoint WHERE partition = %s AND projection = %s',  # noqa: S608
            [partition, mark(projector.name)],
        )


def _note_put_right(projection: str, partition: int, **which: str) -> None:
    found = Drift.objects.filter(projection=projection, partition=partition, is_expected=False, **which)
    found.filter(put_right_at=None).update(put_right_at=timezone.now())
