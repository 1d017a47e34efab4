"""What the application role may do outside the ledger, and its settings."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

# By role, not by connection option: pgbouncer in transaction mode passes no start-up options on.
SETTINGS = {
    "lock_timeout": "1s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "5s",
    # Whoever is given up on by a client stops, and gives its connection free, instead of going on for nobody.
    "client_connection_check_interval": "1s",
    # Our statements take milliseconds. Compiling one takes 200, and a planner that knows nothing of a table does it.
    "jit": "off",
}


def grant_rights(owner: BaseDatabaseWrapper, application: str) -> None:
    """Lets the application role use Django's tables in `public`, and sets its defaults in this database.

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
        _set_defaults(cursor, role, owner.settings_dict["NAME"])


def _set_defaults(cursor: Any, role: sql.Identifier, database: str) -> None:
    """A role may set its own defaults, and the owner may act as the application: no right over roles is needed."""
    cursor.execute(sql.SQL("SET ROLE {role}").format(role=role).as_string(None))
    try:
        for name, value in SETTINGS.items():
            cursor.execute(
                sql.SQL("ALTER ROLE {role} IN DATABASE {database} SET {name} = {value}")
                .format(
                    role=role,
                    database=sql.Identifier(database),
                    name=sql.Identifier(name),
                    value=sql.Literal(value),
                )
                .as_string(None)
            )
    finally:
        cursor.execute("RESET ROLE")
