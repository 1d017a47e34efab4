"""What `migrate` sets for the application's role, so that it holds behind any pooler."""

from __future__ import annotations

from django.db import connection


def test_the_role_has_time_limits_and_compiles_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT unnest(setconfig) FROM pg_db_role_setting AS setting"
            " JOIN pg_database ON pg_database.oid = setting.setdatabase"
            " WHERE datname = current_database() AND setrole = current_user::regrole"
        )
        assert {text for (text,) in cursor.fetchall()} == {
            "lock_timeout=1s",
            "statement_timeout=5s",
            "idle_in_transaction_session_timeout=5s",
            "client_connection_check_interval=1s",
            "jit=off",
        }
