"""SQL of the read side that is particular to PostgreSQL: a statement per file, named like the file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from psycopg import sql

_FOLDER = Path(__file__).parent


@cache
def statement(name: str) -> str:
    """The text of `<name>.sql` in this folder."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def ddl(name: str, *, application: str) -> str:
    """The text of `ddl/<name>.sql`, with its variable put in as psql would: :"application"."""
    return statement(f"ddl/{name}").replace(':"application"', sql.Identifier(application).as_string(None))
