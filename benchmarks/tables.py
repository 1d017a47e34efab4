"""The tables that the ledger is measured against: with the same constraints and indexes, and with none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.workload import COLUMNS
from farehistory.embedded.state import APPLICATION

BARE = sql.Identifier("bench", "fare_event")
PLAIN = sql.Identifier("bench", "plain")
_COLUMNS = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))

INSERT = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
    BARE, _COLUMNS, sql.SQL(", ").join([sql.Placeholder()] * len(COLUMNS))
)


def make_bare(superuser: psycopg.Connection[Any], *, with_rows: bool = False) -> None:
    """Makes both; `with_rows`: the one with constraints and indexes has the ledger's rows."""
    role = sql.Identifier(APPLICATION)
    superuser.execute(sql.SQL("CREATE SCHEMA bench AUTHORIZATION {}").format(role))
    superuser.execute(sql.SQL("CREATE TABLE {} (LIKE ledger.fare_event INCLUDING ALL)").format(BARE))
    superuser.execute(sql.SQL("CREATE TABLE {} (LIKE ledger.fare_event INCLUDING GENERATED)").format(PLAIN))
    superuser.execute(sql.SQL("ALTER TABLE {} OWNER TO {}").format(BARE, role))
    if with_rows:
        superuser.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM ledger.fare_event").format(BARE, _COLUMNS, _COLUMNS)
        )
    settle(superuser)


def copy_out(
    connection: psycopg.Connection[Any], *, partitions: range = range(256), after: int = 0
) -> Iterator[bytes]:
    """The ledger's rows of these partitions, beyond a position, as COPY writes them: what `copy_in` takes."""
    rows = sql.SQL(
        "COPY (SELECT {} FROM ledger.fare_event WHERE partition BETWEEN {} AND {} AND position > {}) TO STDOUT"
    ).format(_COLUMNS, partitions.start, partitions.stop - 1, after)
    with connection.cursor().copy(rows) as copy:
        for block in copy:
            yield bytes(block)


def copy_in(
    connection: psycopg.Connection[Any], blocks: Iterable[bytes], table: sql.Identifier = BARE
) -> None:
    """In one transaction."""
    with connection.cursor().copy(copy_statement(table)) as copy:
        for block in blocks:
            copy.write(block)


def copy_statement(table: sql.Identifier = BARE) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN").format(table, _COLUMNS)


def empty(connection: psycopg.Connection[Any]) -> None:
    connection.execute(sql.SQL("TRUNCATE {}, {}").format(BARE, PLAIN))


def settle(superuser: psycopg.Connection[Any]) -> None:
    """Statistics, visibility and a checkpoint now, so that they do not fall into a measurement."""
    superuser.execute("VACUUM ANALYZE")
    superuser.execute("CHECKPOINT")


def rows_in(connection: psycopg.Connection[Any], table: str) -> int:
    counted = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.SQL(table))).fetchone()
    return 0 if counted is None else int(counted[0])
