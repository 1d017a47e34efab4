"""From a reference in metadata (a customer, an order …), or a part of an id, to bookings, always by an index."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from django.db import OperationalError, connection

from projections.planning import only_by_bitmaps
from projections.projectors.booking_search import MAX_LENGTH
from projections.sql import statement

Booking = tuple[int, str]
"""A booking's partition and id."""

# Above every character that may follow a prefix: byte order of UTF-8 is that of code points.
_AFTER_ANY_VALUE = "\U0010ffff"
# Above every character that an id may have, so `prefix` to `prefix~` spans the ids that begin with it.
_AFTER_ANY_ID = "~"

MOST_WITH_PART: Final = 2_000
"""Bookings whose ids have a part in common, beyond which it says too little."""

FAR_TOO_MANY: Final = 20 * MOST_WITH_PART
"""Bookings that the planner expects to have a part, beyond which they are not even looked for: the index reads all of
them before the first is known."""

LONGEST_LOOK_FOR_PARTS: Final = "1500ms"
"""Where the planner errs, looking ends then; it means the same as too many."""

# The index knows three letters or digits in a row; what is between them it has to look up.
_PART = re.compile(r"(?=.*[A-Za-z0-9]{3})[A-Za-z0-9._:-]{3,64}")


def can_be_a_reference(value: str) -> bool:
    """Whether any event can name such a value so that it is found."""
    return 0 < len(value) <= MAX_LENGTH and "\0" not in value


def bookings_with(value: str, *, key: str | None = None, after: str = "", limit: int = 50) -> list[Booking]:
    """The bookings whose metadata names this value, under one key or under any, in byte order of their ids.

    `after`: the last id of the page before. What is in the ledger and not yet in the view is not found.
    """
    if not can_be_a_reference(value):
        return []
    return _rows("bookings_with_reference", {"value": value, "key": key, "after": after, "limit": limit})


def bookings_beginning_with(prefix: str, *, after: str = "", limit: int = 50) -> list[Booking]:
    """The bookings in the view of fares whose id begins with this, in byte order of their ids; `after` as above."""
    bounds = {"low": prefix, "high": prefix + _AFTER_ANY_ID, "after": after, "limit": limit}
    return _rows("bookings_with_prefix", bounds)


def references_beginning_with(prefix: str, *, limit: int = 50) -> list[str]:
    """Values that some booking names and that begin with this, each once, in byte order."""
    if not can_be_a_reference(prefix):
        return []
    bounds = {"low": prefix, "high": prefix + _AFTER_ANY_VALUE, "limit": limit}
    return [value for (value,) in _rows("references_by_prefix", bounds)]


@dataclass(frozen=True, slots=True)
class WithPart:
    """A page of the bookings whose id has a part, in byte order of their ids."""

    bookings: Sequence[Booking] = ()
    too_many: bool = False
    """More than `MOST_WITH_PART` have it, or so many that looking for them was not begun or was broken off: none are
    listed."""


def can_be_a_part(text: str) -> bool:
    """Whether it says enough to be looked for within ids: three letters or digits in a row."""
    return bool(_PART.fullmatch(text))


def parts_can_be_searched() -> bool:
    """Whether there is the index that it takes: not where the database lacks the extension pg_trgm."""
    with connection.cursor() as cursor:
        cursor.execute(statement("parts_can_be_searched"))
        (can,) = cursor.fetchone()
    return bool(can)


def bookings_with_part(part: str, *, after: str = "", limit: int = 50) -> WithPart:
    """The bookings whose id has this part anywhere, in capital or small letters; `after`: the last id of the page
    before. None where `can_be_a_part` or `parts_can_be_searched` says no."""
    if not can_be_a_part(part) or not parts_can_be_searched():
        return WithPart()
    bounds: dict[str, Any] = {
        "pattern": _pattern(part),
        "after": after,
        "limit": limit,
        "most": MOST_WITH_PART,
    }
    if expected_with_part(part) > FAR_TOO_MANY:
        return WithPart(too_many=True)
    try:
        # For a part that the planner takes to be frequent, reading the table from its beginning until enough are found
        # seems cheap to it, and is not where it errs.
        with only_by_bitmaps(longest=LONGEST_LOOK_FOR_PARTS):
            rows = _rows("bookings_with_part", bounds)
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise
        return WithPart(too_many=True)
    if any(too_many for _, _, too_many in rows):
        return WithPart(too_many=True)
    return WithPart([(partition, booking_id) for partition, booking_id, _ in rows])


def expected_with_part(part: str) -> int:
    """How many bookings the planner expects to have this part in their id: from a sample, so only large ones say
    anything, and nothing is read."""
    with connection.cursor() as cursor:
        cursor.execute(statement("expected_with_part"), {"pattern": _pattern(part)})
        (plans,) = cursor.fetchone()
    plan = plans[0]["Plan"]
    # Where the table is distributed, the planner at hand knows nothing of the rows and says a constant.
    return 0 if plan["Node Type"] == "Custom Scan" else int(plan["Plan Rows"])


def _pattern(part: str) -> str:
    return "%" + re.sub(r"[\\%_]", r"\\\g<0>", part) + "%"


def _rows(name: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return list(cursor.fetchall())
