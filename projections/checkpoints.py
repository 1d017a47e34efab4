"""How far a projection has got in each partition. A rebuild's tables have checkpoints of their own."""

from __future__ import annotations

from django.db import connection
from django.utils import timezone

from projections import sql
from projections.projector import LIVE, Projector


class ForeignCheckpoint(RuntimeError):
    """A checkpoint of another ledger or epoch, or beyond the log's end: the view must be rebuilt."""


class OtherVersion(RuntimeError):
    """The tables are of another version of the projector than this process runs: the view must be rebuilt."""


def ensure(projector: Projector, schema: str = LIVE) -> None:
    """Makes the checkpoints that a projection still lacks, at the start of every log."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql.in_schema(sql.statement("ensure_checkpoints"), schema),
            {"projection": projector.name, "version": projector.version},
        )


def lock(projector: Projector, partition: int, schema: str = LIVE) -> int:
    """Takes the checkpoint until the transaction ends; answers its position.

    Raises ForeignCheckpoint, OtherVersion. Waits for another holder, at most the role's lock timeout (then
    OperationalError).
    """
    row = _locked(projector.name, partition, schema)
    if row is None:
        ensure(projector, schema)
        row = _locked(projector.name, partition, schema)
    if row is None or not row[1]:
        raise ForeignCheckpoint(
            f"{projector.name} in partition {partition} was computed from another ledger or epoch"
        )
    if row[2] != projector.version:
        raise OtherVersion(
            f"the tables of {projector.name} are of version {row[2]}, this process runs {projector.version}"
        )
    return row[0]


def advance(projection: str, partition: int, *, after: int, upto: int, schema: str = LIVE) -> None:
    """Moves a checkpoint that `lock` took."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{schema}".checkpoint SET position = %s, moved_at = %s'  # noqa: S608 - a constant
            " WHERE partition = %s AND projection = %s AND position = %s",
            [upto, timezone.now(), partition, projection, after],
        )
        if cursor.rowcount != 1:
            raise RuntimeError(f"the checkpoint of {projection} in partition {partition} was not at {after}")


def positions(projection: str, schema: str = LIVE) -> dict[int, int]:
    """The projection's position in every partition that it has a checkpoint in."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT partition, position FROM "{schema}".checkpoint WHERE projection = %s',  # noqa: S608
            [projection],
        )
        return dict(cursor.fetchall())


def position(projection: str, partition: int, schema: str = LIVE) -> int:
    """The projection's position in one partition, 0 where it has no checkpoint."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT position FROM "{schema}".checkpoint'  # noqa: S608 - a constant
            " WHERE partition = %s AND projection = %s",
            [partition, projection],
        )
        row = cursor.fetchone()
    return 0 if row is None else int(row[0])


def _locked(projection: str, partition: int, schema: str) -> tuple[int, bool, str] | None:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.in_schema(sql.statement("lock_checkpoint"), schema),
            {"partition": partition, "projection": projection},
        )
        row: tuple[int, bool, str] | None = cursor.fetchone()
    return row
