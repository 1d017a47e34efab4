"""The module that Django's ENGINE setting names."""

from __future__ import annotations

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.abc import RV, PQGen
from psycopg.errors import _WaitTimeout

from farehistory.database.circuit import NoAnswer, circuit


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
            circuit.doubt()
            raise NoAnswer(f"PostgreSQL did not answer within {self.answer_within} s") from None

    def was_hung_up(self) -> bool:
        """Whether the server has closed it since its last answer; costs no round trip.

        What a server says to a connection that asked nothing is its farewell, or so rare that a new one does no harm.
        """
        if self.closed:
            return True
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        return bool(poll.poll(0))


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes `answer_within` among the OPTIONS."""

    connection: ImpatientConnection | None

    may_be_unusable = False
    """Whether it is to be looked at before its next use."""

    def ensure_connection(self) -> None:
        if self.may_be_unusable:
            self.may_be_unusable = False
            self.close_if_unusable_or_obsolete()
        super().ensure_connection()

    def get_new_connection(self, conn_params: dict[str, Any]) -> ImpatientConnection:
        answer_within = conn_params.pop("answer_within", None)
        self.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        # From the first statement on: one before it would begin a transaction that nobody commits.
        conn_params["autocommit"] = True
        if answer_within is None:
            return ImpatientConnection.connect(**conn_params)
        with circuit.connecting() as to_be_proven:
            connection = ImpatientConnection.connect(**conn_params)
            connection.answer_within = answer_within
            if to_be_proven:
                connection.execute("SELECT 1")
            return connection

    def close_if_unusable_or_obsolete(self) -> None:
        """Before each request: after a restart of the server, a kept connection is made anew instead of failing one."""
        if self.connection is not None and not self.in_atomic_block and self.connection.was_hung_up():
            self.close()
        super().close_if_unusable_or_obsolete()
