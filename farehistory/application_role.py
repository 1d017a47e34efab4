"""What the application role may do outside the ledger, and its time limits."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

# By role, not by connection option: pgbouncer in transaction mode passes no start-up options on.
TIME_LIMITS = {
    "lock_timeout": "1s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "5s",
}


def grant_rights(owner: BaseDatabaseWrapper, application: str) -> None:
    """Lets the application role use Django's tables in `public`, and sets its time limits in this database.

    Idempotent; run after every migration, since each may have made a table. Of the migrations themselves it may
    only read what was applied.
    """
    role = sql.Identifier(application)
    statements = [
        sql.SQL("GRANT USAGE ON SCHEMA public TO {role}"),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"),
        sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"),
        sql.SQL("REVOKE INSERT, UPDATE, DELETE ON public.django_migrations FROM {role}"),
    ]
    with owner.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(role=role).as_string(None))
        _set_time_limits(cursor, role, owner.settings_dict["NAME"])


def _set_time_limits(cursor: Any, role: sql.Identifier, database: str) -> None:
    """A role may set its own defaults, and the owner may act as the application: no right over roles is needed."""
    cursor.execute(sql.SQL("SET ROLE {role}").format(role=role).as_string(None))
    try:
        for name, limit in TIME_LIMITS.items():
            cursor.execute(
                sql.SQL("ALTER ROLE {role} IN DATABASE {database} SET {name} = {limit}")
                .format(
                    role=role,
                    database=sql.Identifier(database),
                    name=sql.Identifier(name),
                    limit=sql.Literal(limit),
                )
                .as_string(None)
            )
    finally:
        cursor.execute("RESET ROLE")
