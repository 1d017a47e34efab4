"""Makes and drops a projector's tables. The application role owns them, so no migration by the owner is needed."""

from __future__ import annotations

from django.db import connection, transaction

from projections import checkpoints, sql
from projections.projector import CHECK, LIVE, Projector
from projections.projectors import PROJECTORS


def ensure_installed() -> None:
    """Makes the tables of projectors that are new, at the start of every log; run after every migration.

    Tables of another version are left as they are: a rebuild makes the new ones and swaps them in.
    """
    for projector in PROJECTORS:
        with transaction.atomic():
            if projector.tables:
                if not tables_exist(projector, LIVE):
                    make_tables(projector, LIVE)
                drop_tables(projector, CHECK)
                make_tables(projector, CHECK)
            checkpoints.ensure(projector)


def make_tables(projector: Projector, schema: str) -> None:
    """Makes its tables, empty, in this schema, where there must be none of them."""
    with connection.cursor() as cursor:
        cursor.execute(sql.in_schema(projector.table_statements(), schema))


def drop_tables(projector: Projector, schema: str) -> None:
    """Drops its tables from this schema, where they are there."""
    with connection.cursor() as cursor:
        for table in projector.tables:
            cursor.execute(f'DROP TABLE IF EXISTS "{schema}"."{table}"')


def tables_exist(projector: Projector, schema: str) -> bool:
    """Whether all of its tables are in this schema."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = %s AND tablename = ANY (%s)",
            [schema, list(projector.tables)],
        )
        (found,) = cursor.fetchone()
    return bool(found == len(projector.tables))
