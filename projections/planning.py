"""Statements whose one right way is known: the planner is left no other, whatever its statistics say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection, transaction

_ONLY_ALONG: Final = {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off"}
_ONLY_BITMAPS: Final = {"enable_seqscan": "off", "enable_indexscan": "off", "enable_indexonlyscan": "off"}


@contextmanager
def only_along_indexes() -> Iterator[None]:
    """In a transaction of its own, ranges are read in the order of an index, from their end: where the planner takes
    one to be short, it would rather read it whole and sort it. That is so after a load, and after an upgrade of
    PostgreSQL, until somebody says ANALYZE."""
    with _set(_ONLY_ALONG):
        yield


@contextmanager
def only_by_bitmaps(*, longest: str) -> Iterator[None]:
    """In a transaction of its own, tables are read by what an index without order finds; no statement takes longer than
    this (an interval as PostgreSQL writes it), or raises OperationalError."""
    with _set({**_ONLY_BITMAPS, "statement_timeout": longest}):
        yield


@contextmanager
def _set(settings: dict[str, str]) -> Iterator[None]:
    calls = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {calls}")
        yield
