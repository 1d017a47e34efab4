"""SQL that is particular to PostgreSQL, kept in files: a statement per file, named like the file."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from psycopg import sql


class SqlFiles:
    """The `.sql` files of a folder; each is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _texts(self) -> dict[str, str]:
        files = self._folder.rglob("*.sql")
        return {
            str(f.relative_to(self._folder).with_suffix("")): f.read_text(encoding="utf-8") for f in files
        }

    def statement(self, name: str) -> str:
        """The text of `<name>.sql`."""
        return self._texts[name]

    def ddl(self, name: str, *, application: str, partitions: int) -> str:
        """The text of `ddl/<name>.sql`, its variables put in as psql would: :"application", :partitions."""
        role = sql.Identifier(application).as_string(None)
        return (
            self._texts[f"ddl/{name}"].replace(':"application"', role).replace(":partitions", str(partitions))
        )
