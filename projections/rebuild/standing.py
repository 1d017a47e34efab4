"""Where a projection stands: its checkpoints as they are, without judging them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from events import feed
from projections import sql
from projections.projector import LIVE, NEXT, Projector


@dataclass(frozen=True, slots=True)
class Standing:
    """One partition's checkpoint."""

    position: int
    ours: bool
    """Whether it was computed from this very ledger and epoch, and not beyond its end."""
    version: str
    """Of the projector that filled the tables."""


def standings(
    projector: Projector, partitions: Collection[int], schema: str = LIVE, *, locked: bool = False
) -> dict[int, Standing]:
    """Partition → where the projection stands there. Locked: the checkpoints are taken, in partition order."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.in_schema(sql.statement("standings_locked" if locked else "standings"), schema),
            {"projection": projector.name, "partitions": list(partitions)},
        )
        rows = cursor.fetchall()
    heads = {row[0]: feed.head(row[0]) for row in rows} if len(rows) == 1 else feed.heads()
    return {
        partition: Standing(position, ours and position <= heads[partition], version)
        for partition, position, ours, version in rows
    }


def mark(projection: str) -> str:
    """The name under which NEXT's checkpoints say which partitions are compared."""
    return f"{projection} compared"


def compared(projector: Projector) -> set[int]:
    """The partitions that this rebuild has compared, and not yet put right."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT partition FROM "{NEXT}".checkpoint WHERE projection = %s',  # noqa: S608 - a constant
            [mark(projector.name)],
        )
        return {partition for (partition,) in cursor.fetchall()}
