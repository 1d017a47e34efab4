"""The one cursor that Django does not offer, and what becomes of a database that does not answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import Error, InterfaceError, InternalError, OperationalError, connection
from psycopg.errors import ReadOnlySqlTransaction

from events.errors import Unavailable


@contextmanager
def binding_cursor() -> Iterator[psycopg.Cursor[Any]]:
    """A cursor that sends values apart from the statement, on Django's own connection and with its errors.

    Django's cursors write values into the statement's text, which for an append's many arrays costs twice the
    CPU. Nothing is prepared, so it works behind pgbouncer too.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        yield cursor


def array_text(values: Iterable[object]) -> str:
    """A PostgreSQL array of these values as text, for a statement that says its type (`%s::uuid[]`).

    Of lists psycopg finds out the type each time, which takes half the CPU of an append's call.
    """
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    escaped = str(value).replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def is_away(error: BaseException | None) -> bool:
    """Whether PostgreSQL is to blame: it is away, hangs, is full, only reads, or did not give a lock in time."""
    if isinstance(error, InternalError):
        return isinstance(error.__cause__, ReadOnlySqlTransaction)
    return isinstance(error, (OperationalError, InterfaceError))


@contextmanager
def unavailable_if_away() -> Iterator[None]:
    """Raises Unavailable where PostgreSQL `is_away`.

    Goes around the transaction, not into it: what became of a COMMIT without an answer is not known either.
    """
    try:
        yield
    except Error as error:
        if not is_away(error):
            raise
        connection.close_if_unusable_or_obsolete()  # the next call must not meet the same broken connection
        raise Unavailable("the database did not answer; send the same again") from error
