"""How far a projection has got in each partition."""

from __future__ import annotations

from django.db import connection
from django.utils import timezone

from projections import sql


class ForeignCheckpoint(RuntimeError):
    """A checkpoint of another ledger or epoch, or beyond the log's end: the view must be rebuilt."""


def ensure(projection: str) -> None:
    """Makes the checkpoints that a new projection still lacks, at the start of every log."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("ensure_checkpoints"), [projection])


def lock(projection: str, partition: int) -> int:
    """Takes the checkpoint until the transaction ends; answers its position.

    Raises ForeignCheckpoint. Waits for another holder, at most the role's lock timeout (then OperationalError).
    """
    row = _locked(projection, partition)
    if row is None:
        ensure(projection)
        row = _locked(projection, partition)
    if row is None or not row[1]:
        raise ForeignCheckpoint(
            f"{projection} in partition {partition} was computed from another ledger or epoch"
        )
    return row[0]


def advance(projection: str, partition: int, *, after: int, upto: int) -> None:
    """Moves a checkpoint that `lock` took at `after`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE projection.checkpoint SET position = %s, moved_at = %s"
            " WHERE partition = %s AND projection = %s AND position = %s",
            [upto, timezone.now(), partition, projection, after],
        )
        if cursor.rowcount != 1:
            raise RuntimeError(f"the checkpoint of {projection} in partition {partition} was not at {after}")


def positions(projection: str) -> dict[int, int]:
    """The projection's position in every partition that it has a checkpoint in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT partition, position FROM projection.checkpoint WHERE projection = %s", [projection]
        )
        return dict(cursor.fetchall())


def _locked(projection: str, partition: int) -> tuple[int, bool] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("lock_checkpoint"), [partition, projection])
        row: tuple[int, bool] | None = cursor.fetchone()
    return row
