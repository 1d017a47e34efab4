"""Fares that are not as they should be: behind the ledger, set aside, drifted. Each list is short by its nature, and
read by an index."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from django.db import connection

from projections.sql import statement

MOST_BEHIND: Final = 200
"""Events of each partition that are looked through for bookings that the view is behind in."""


class State(StrEnum):
    """How a view's row of a booking stands."""

    BEHIND = "behind"
    SET_ASIDE = "set_aside"
    DRIFT = "drift"


_STATEMENTS: Final = {
    State.BEHIND: "bookings_behind",
    State.SET_ASIDE: "bookings_set_aside",
    State.DRIFT: "bookings_drifted",
}


def bookings_in_state(state: State, *, after: str = "", limit: int = 50) -> list[tuple[int, str]]:
    """Partition and id of the bookings in this state, in byte order of their ids; `after`: the last id of the page
    before. Of those behind, the ones with the oldest events that the view lacks."""
    bounds: dict[str, Any] = {"after": after, "limit": limit, "most": MOST_BEHIND}
    with connection.cursor() as cursor:
        cursor.execute(statement(_STATEMENTS[state]), bounds)
        rows: list[tuple[int, str]] = cursor.fetchall()
    return rows
