"""The module that Django's ENGINE setting names."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.abc import RV, PQGen
from psycopg.errors import _WaitTimeout


class ImpatientConnection(psycopg.Connection[Any]):
    """Gives a server up that does not answer, hung or frozen.

    The server's own time limits cannot: they are kept by the very process that hangs. What became of the
    statement is not known then, as after any lost answer.
    """

    answer_within: float | None = None
    """Seconds, None for no limit."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        try:
            return super().wait(gen, interval=interval, timeout=timeout or self.answer_within)
        except _WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError(
                f"PostgreSQL did not answer within {self.answer_within} s"
            ) from None


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes `answer_within` among the OPTIONS."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        answer_within = conn_params.pop("answer_within", None)
        self.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        connection = ImpatientConnection.connect(**conn_params)
        connection.answer_within = answer_within
        return connection
