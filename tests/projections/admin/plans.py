"""What PostgreSQL does for a page: the plan of each of its statements, executed, with the rows that it read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection

GROWING: Final = {"fare_event", "event_search", "current_fare", "booking_search", "daily_totals"}
"""Tables whose size is that of the ledger."""


@dataclass(frozen=True, slots=True)
class Read:
    """One node of a plan that reads a table or an index."""

    kind: str
    table: str
    rows: int
    """That it read, also those that it threw away."""
    statement: str


@dataclass(slots=True)
class Plans:
    """The reads of growing tables, of every statement that was executed meanwhile; of those that write, within a
    transaction."""

    reads: list[Read] = field(default_factory=list)

    def __call__(
        self,
        execute: Callable[..., Any],
        statement: str,
        parameters: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        first = re.sub(r"^--.*$", "", statement, flags=re.MULTILINE).split()[0]
        if not many and first in ("SELECT", "WITH", "(SELECT"):
            self._explain(statement, parameters)
        elif not many and first == "INSERT" and connection.in_atomic_block:
            with connection.connection.transaction(force_rollback=True):
                self._explain(statement, parameters)
        return execute(statement, parameters, many, context)

    def _explain(self, statement: str, parameters: Any) -> None:
        with connection.connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT json) {statement}", parameters)
            (((plan,),),) = cursor.fetchall()
        self.reads += _reads(plan["Plan"], statement)


@contextmanager
def plans_of_statements() -> Iterator[Plans]:
    plans = Plans()
    with connection.execute_wrapper(plans):
        yield plans


def _reads(node: dict[str, Any], statement: str, table: str = "") -> Iterator[Read]:
    table = node.get("Relation Name", table)
    if node["Node Type"].endswith("Scan") and table in GROWING:
        thrown_away = sum(value for name, value in node.items() if name.startswith("Rows Removed"))
        yield Read(
            node["Node Type"],
            table,
            round((node["Actual Rows"] + thrown_away) * node["Actual Loops"]),
            statement,
        )
    for child in node.get("Plans", ()):
        yield from _reads(child, statement, table)
