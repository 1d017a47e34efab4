"""What the catalogs say of a projector's table, so that tables can be compared and mended whatever they hold."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from projections import sql


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table in one schema, in order: name → type. None at all: there is no such table."""

    types: dict[str, str]
    key: tuple[str, ...]
    """The primary key's columns, in its order."""
    generated: frozenset[str]
    """Those that PostgreSQL computes from others."""

    @property
    def written(self) -> list[str]:
        """The columns that an INSERT names."""
        return [name for name in self.types if name not in self.generated]


def columns_of(schema: str, table: str) -> Columns:
    """The columns that the table has in this schema."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("table_columns"), {"schema": schema, "table": table})
        rows = cursor.fetchall()
    places = {name: place for name, _, place, _ in rows if place is not None}
    return Columns(
        types={name: type_ for name, type_, _, _ in rows},
        key=tuple(sorted(places, key=places.__getitem__)),
        generated=frozenset(name for name, _, _, generated in rows if generated),
    )
