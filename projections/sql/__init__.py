"""The SQL of the read side. `ddl/` makes schemas, `tables/` the tables of a projector, in whichever schema."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from events.sql_files import SqlFiles

_files = SqlFiles(Path(__file__).parent)
statement = _files.statement
ddl = _files.ddl


def in_schema(text: str, schema: str) -> str:
    """The text with this schema for :"schema"."""
    return text.replace(':"schema"', f'"{schema}"')


@cache
def on_page(name: str, *, schema: str, aside: str, of_bookings: bool) -> str:
    """The text of `<name>.sql` that takes its events from a page and moves the tables in `schema`.

    :page becomes a subselect with the rows of the ledger: those of some bookings, or of all but the ones that
    are listed in the table `set_aside` of the schema `aside`.
    """
    page = _code("page_of_bookings" if of_bookings else "page").replace(':"aside"', f'"{aside}"')
    return in_schema(_code(name).replace(":page", f"({page})"), schema)


def _code(name: str) -> str:
    """The statement without the lines that are comments: they may speak of :page."""
    return "\n".join(line for line in statement(name).splitlines() if not line.lstrip().startswith("--"))
