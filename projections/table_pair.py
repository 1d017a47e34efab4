"""The SQL that compares one table in two schemas, composed from what the catalogs say of its columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL, Composable, Composed, Identifier

from projections.columns import Columns
from projections.projector import LIVE, NEXT


@dataclass(frozen=True, slots=True)
class TablePair:
    """One table on both sides."""

    projection: str
    table: str
    schemas: tuple[str, str]
    columns: tuple[Columns, Columns]
    bookings: list[str] | None

    @property
    def key(self) -> tuple[str, ...]:
        return self.columns[1].key

    @property
    def of_bookings(self) -> bool:
        return "booking_id" in self.key

    def parameters(self, partition: int, limit: int | None = None) -> dict[str, Any]:
        return {
            "projection": self.projection,
            "partition": partition,
            "bookings": self.bookings,
            "limit": limit,
        }

    def rows(self) -> str:
        return _text(
            SQL(
                "SELECT to_jsonb(stored), to_jsonb(rebuilt) {differing} ORDER BY {key} LIMIT %(limit)s"
            ).format(
                differing=self._differing(),
                key=_listed(SQL("coalesce({}, {})").format(*_both(name)) for name in self.key),
            )
        )

    def counted(self) -> str:
        return _text(SQL("SELECT count(*) {}").format(self._differing()))

    def _differing(self) -> Composed:
        return SQL(
            "FROM ({stored}) AS stored FULL JOIN ({rebuilt}) AS rebuilt ON {same_key}"
            " WHERE {one_is_missing} OR {values_differ}"
        ).format(
            stored=self._side(self.schemas[0]),
            rebuilt=self._side(self.schemas[1]),
            same_key=SQL(" AND ").join(SQL("{} = {}").format(*_both(name)) for name in self._joined),
            one_is_missing=SQL("{} IS NULL OR {} IS NULL").format(*_both(self.key[0])),
            values_differ=self._values_differ(),
        )

    @property
    def _joined(self) -> list[str]:
        """Both sides are of one partition, which a join need not say again where there is more to join by."""
        return [name for name in self.key if name != "partition"] or ["partition"]

    def _side(self, schema: str) -> Composed:
        where: list[Composable] = [SQL("side.partition = %(partition)s")]
        if self.of_bookings:
            where += [_not_set_aside(each) for each in sorted({_aside(s) for s in self.schemas})]
        if self.bookings is not None and self.of_bookings:
            where.append(SQL("side.booking_id = ANY (%(bookings)s)"))
        return SQL("SELECT * FROM {} AS side WHERE {}").format(
            Identifier(schema, self.table), SQL(" AND ").join(where)
        )

    def _values_differ(self) -> Composable:
        left, right = self.columns
        names = [name for name in right.types if name in left.types and name not in self.key]
        if not names:
            return SQL("false")
        plain = {name: left.types[name] == right.types[name] != "json" for name in names}
        sides = [
            _listed(
                (SQL("{}") if plain[name] else SQL("to_jsonb({})")).format(Identifier(side, name))
                for name in names
            )
            for side in ("stored", "rebuilt")
        ]
        return SQL("ROW({}) IS DISTINCT FROM ROW({})").format(*sides)


def _aside(schema: str) -> str:
    return NEXT if schema == NEXT else LIVE


def _not_set_aside(schema: str) -> Composed:
    return SQL(
        "NOT EXISTS (SELECT FROM {} AS aside WHERE aside.partition = %(partition)s"
        " AND aside.projection = %(projection)s AND aside.booking_id = side.booking_id)"
    ).format(Identifier(schema, "set_aside"))


def _both(name: str) -> tuple[Identifier, Identifier]:
    return Identifier("stored", name), Identifier("rebuilt", name)


def _listed(items: Iterable[Composable]) -> Composed:
    return SQL(", ").join(items)


def _text(composed: Composed) -> str:
    return composed.as_string(None)
