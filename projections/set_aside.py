"""Bookings that a projector could not take: left out, so that the others go on, until they are folded anew.

What is set aside is seen in status and admin, with its error. Reads of such a booking go to the ledger.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db import (
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)

from events.partitions import partition_of
from projections import checkpoints, control, sql
from projections.checkpoints import ForeignCheckpoint, OtherVersion
from projections.projector import LIVE, NEXT, Page, Projector

MOST: Final = 10
"""Bookings of one page that are set aside; if more fail, it is the projector that is at fault."""

NOT_ABOUT_A_BOOKING: Final = (
    *(OperationalError, InterfaceError, ProgrammingError, InternalError, NotSupportedError),
    *(OSError, MemoryError, ForeignCheckpoint, OtherVersion),
)
"""Errors for which no booking is set aside: the database is away, a table is missing, a disk is full."""

logger = logging.getLogger(__name__)


class NotSetAside(LookupError):
    """The booking is not set aside."""


class CannotFoldOne(ValueError):
    """The projection has no rows of single bookings; only a rebuild puts it right."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A booking that a projection lacks events of."""

    projection: str
    partition: int
    booking_id: str
    position: int
    """Of its first event that was left out."""
    error: str
    traceback: str
    set_aside_at: datetime
    tries: int


def of(projection: str | None = None, *, most: int | None = None) -> list[SetAside]:
    """What is set aside, of one projection or of all; the oldest first, each with its traceback. `most`: so many."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("set_aside"), {"projection": projection, "most": most})
        return [SetAside(*row) for row in cursor.fetchall()]


def places(projection: str | None = None, *, most: int) -> list[tuple[str, str]]:
    """The projection and booking of what is set aside, the oldest first, so many."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("set_aside_places"), {"projection": projection, "most": most})
        return list(cursor.fetchall())


def counts() -> dict[str, int]:
    """Projection → how many bookings it has set aside; nothing of those without any."""
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("set_aside_counts"))
        return dict(cursor.fetchall())


def those_that_fail(projector: Projector, page: Page, error: Exception) -> None:
    """Finds the bookings of a page that the projector cannot take, by halving, and sets them aside.

    Raises the error of the page where no single booking is to blame, or more than `MOST`.
    """
    with transaction.atomic():
        at = checkpoints.lock(projector, page.partition, page.schema)
        if at != page.after:
            return  # another worker has taken the page meanwhile
        bookings = _bookings_of(projector, page)
        failing = []
        for found in _failing(projector, page, bookings):
            failing.append(found)
            if len(failing) > MOST:
                break
        if not 0 < len(failing) <= MOST:
            raise error
        for booking_id, its_error in failing:
            _record(projector, page, booking_id, bookings[booking_id], its_error)


def retry(projector: Projector, booking_id: str) -> None:
    """Folds a booking that is set aside anew, from version 1, and takes it back in.

    Raises NotSetAside; the projector's error if it fails again, which is recorded.
    """
    try:
        with transaction.atomic():
            at = checkpoints.lock(projector, partition_of(booking_id))
            _fold(projector, booking_id, upto=at, left_out_from=_take(projector, booking_id))
    except (NotSetAside, *NOT_ABOUT_A_BOOKING):
        raise
    except Exception as error:
        _record_again(projector, booking_id, error)
        raise


def fold_anew(projector: Projector, booking_id: str) -> None:
    """Puts the rows of one booking right, whether it is set aside or not: from version 1, to the checkpoint.

    Raises CannotFoldOne; the projector's error, with nothing changed.
    """
    if not projector.by_booking or not projector.tables:
        raise CannotFoldOne(f"{projector.name} has no rows of single bookings")
    with transaction.atomic():
        at = checkpoints.lock(projector, partition_of(booking_id))
        _strike_off(projector, booking_id)
        _fold(projector, booking_id, upto=at, left_out_from=1)


def _fold(projector: Projector, booking_id: str, *, upto: int, left_out_from: int) -> None:
    partition = partition_of(booking_id)
    after = left_out_from - 1
    if projector.by_booking:
        after = 0
        for table in projector.tables:
            with connection.cursor() as cursor:
                cursor.execute(
                    f'DELETE FROM "{LIVE}"."{table}" WHERE partition = %s AND booking_id = %s',  # noqa: S608
                    [partition, booking_id],
                )
    projector.apply(Page(partition, after, upto, bookings=(booking_id,)))
    # The rows have changed without an event: what was cached of them is not to be trusted.
    control.raise_generation(projector.name)


def _take(projector: Projector, booking_id: str) -> int:
    position = _strike_off(projector, booking_id)
    if position is None:
        raise NotSetAside(f"booking {booking_id!a} is not set aside in {projector.name}")
    return position


def _strike_off(projector: Projector, booking_id: str) -> int | None:
    """Takes the booking off the list; answers the position of its first event that was left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'DELETE FROM "{LIVE}".set_aside'  # noqa: S608 - a constant
            " WHERE partition = %s AND projection = %s AND booking_id = %s RETURNING position",
            [partition_of(booking_id), projector.name, booking_id],
        )
        row: tuple[int] | None = cursor.fetchone()
    return None if row is None else row[0]


def _bookings_of(projector: Projector, page: Page) -> dict[str, int]:
    """The bookings of the page, each with the position of its first event there."""
    with connection.cursor() as cursor:
        projector.execute(cursor, "bookings_of_page", page)
        return dict(cursor.fetchall())


def _failing(
    projector: Projector, page: Page, bookings: Sequence[str] | dict[str, int]
) -> Iterator[tuple[str, Exception]]:
    """The bookings that fail when they are taken alone, and how. Nothing is moved."""
    some = tuple(bookings)
    error = _failure(projector, replace(page, bookings=some)) if some else None
    if error is None:
        return
    if len(some) == 1:
        yield some[0], error
        return
    half = len(some) // 2
    yield from _failing(projector, page, some[:half])
    yield from _failing(projector, page, some[half:])


class _Taken(Exception):
    """The page could be taken; raised to roll it back."""


def _failure(projector: Projector, page: Page) -> Exception | None:
    try:
        with transaction.atomic():
            projector.apply(page)
            raise _Taken
    except _Taken:
        return None
    except NOT_ABOUT_A_BOOKING:
        raise
    except Exception as error:
        return error


def _record(projector: Projector, page: Page, booking_id: str, position: int, error: Exception) -> None:
    schema = NEXT if page.schema == NEXT else LIVE
    with connection.cursor() as cursor:
        cursor.execute(
            sql.in_schema(sql.statement("set_aside_booking"), schema),
            {
                "projection": projector.name,
                "partition": page.partition,
                "booking_id": booking_id,
                "position": position,
                **_words(error),
            },
        )
    logger.error("booking %s was set aside in %s: %r", booking_id, projector.name, error)


def _record_again(projector: Projector, booking_id: str, error: Exception) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{LIVE}".set_aside SET error = %(error)s, traceback = %(traceback)s,'  # noqa: S608
            " tries = tries + 1 WHERE partition = %(partition)s AND projection = %(projection)s"
            " AND booking_id = %(booking_id)s",
            {
                "projection": projector.name,
                "partition": partition_of(booking_id),
                "booking_id": booking_id,
                **_words(error),
            },
        )


def _words(error: Exception) -> dict[str, str]:
    words = f"{type(error).__name__}: {error}"
    # A text of PostgreSQL takes every character but NUL.
    whole = "".join(traceback.format_exception(error)).replace("\0", "")
    return {"error": words.replace("\0", ""), "traceback": whole}
