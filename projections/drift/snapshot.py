"""One look at one partition of a view: the view, its checkpoint and the ledger in one snapshot, and no trace left.

The bookings are folded anew into the schema CHECK by the projector itself, compared, and rolled back. No worker
waits for it: nothing that anybody writes is locked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from django.db import OperationalError, connection, transaction

from projections.compare import Difference, compare, first_version
from projections.models import DriftWalk
from projections.projector import CHECK, LIVE, Page, Projector
from projections.rebuild.standing import Standing, standings
from projections.set_aside import NOT_ABOUT_A_BOOKING

LISTED: Final = 1000
"""Rows of one look that are listed at most."""
DATED: Final = 20
"""Rows for which the first version that differs is looked for."""
PAGE_EVENTS: Final = 50_000
"""Events that are folded by one statement, where a partition is folded whole."""


class Busy(Exception):
    """Somebody else looks at this partition, or its tables are being swapped: it comes round again."""


class Unprovable(Exception):
    """The view stands still until it is rebuilt: there is nothing to compare it with."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a look has found."""

    bookings: tuple[str, ...] | None
    """Those that were looked at; None: all of the partition."""
    differences: list[tuple[Difference, int | None]] = field(default_factory=list)
    """Each with the first version that differs, where that is known; the first `LISTED`."""
    failures: dict[str, str] = field(default_factory=dict)
    """What could not be folded anew (a booking, or "" for the whole), and why."""

    @property
    def is_equal(self) -> bool:
        return not self.differences and not self.failures


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An open look."""

    projector: Projector
    partition: int
    position: int
    """The view's checkpoint."""
    walk: DriftWalk
    """As it stands; locked until the look is over, so that nobody else looks."""

    def check(self, bookings: tuple[str, ...] | None) -> Found:
        """Folds these bookings anew and compares them with the view; None: the whole partition."""
        failures = self._fold(bookings)
        if bookings is not None:
            bookings = tuple(booking for booking in bookings if booking not in failures)
        if bookings == () or "" in failures:
            return Found(bookings, [], failures)
        differences = compare(
            self.projector, self.partition, stored=LIVE, rebuilt=CHECK, bookings=bookings, limit=LISTED
        )
        return Found(bookings, [*self._dated(differences)], failures)

    def _fold(self, bookings: tuple[str, ...] | None) -> dict[str, str]:
        """Answers what could not be folded; tried one by one if they cannot be folded together."""
        if bookings is None:
            return self._failure("", self._pages())
        failures = self._failure("", [self._page(bookings)]) if bookings else {}
        if not failures:
            return {}
        one_by_one = (self._failure(booking, [self._page((booking,))]) for booking in bookings)
        return {booking: words for failed in one_by_one for booking, words in failed.items()}

    def _failure(self, what: str, pages: list[Page]) -> dict[str, str]:
        try:
            with transaction.atomic():
                for page in pages:
                    self.projector.apply(page)
        except NOT_ABOUT_A_BOOKING:
            raise
        except Exception as error:
            return {what: f"{type(error).__name__}: {error}"}
        return {}

    def _page(self, bookings: tuple[str, ...]) -> Page:
        return Page(self.partition, 0, self.position, CHECK, bookings=bookings)

    def _pages(self) -> list[Page]:
        return [
            Page(self.partition, after, min(after + PAGE_EVENTS, self.position), CHECK)
            for after in range(0, self.position, PAGE_EVENTS)
        ]

    def _dated(self, differences: list[Difference]) -> Iterator[tuple[Difference, int | None]]:
        for place, difference in enumerate(differences):
            yield difference, first_version(self.projector, difference) if place < DATED else None


@contextmanager
def snapshot(projector: Projector, partition: int) -> Iterator[Snapshot]:
    """A look at one partition, rolled back at its end. Raises Busy, Unprovable."""
    try:
        with transaction.atomic(durable=True):
            _begin(projector)
            walk = (
                DriftWalk.objects.select_for_update(skip_locked=True, no_key=True)
                .filter(projection=projector.name, partition=partition)
                .first()
            )
            if walk is None:
                raise Busy
            yield Snapshot(projector, partition, _position(projector, partition), walk)
            transaction.set_rollback(True)
    except OperationalError as error:
        if isinstance(error.__cause__, _OTHERS_AT_WORK):
            raise Busy from error
        raise


_OTHERS_AT_WORK: Final = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)


def _begin(projector: Projector) -> None:
    """The tables are locked against a swap before the snapshot is taken: it must not be of the tables before, and
    the names of those after."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET LOCAL statement_timeout = '60s'")
        cursor.execute(f"LOCK TABLE {_tables(projector)} IN ACCESS SHARE MODE")


def _tables(projector: Projector) -> str:
    return ", ".join(f'"{LIVE}"."{table}"' for table in projector.tables)


def _position(projector: Projector, partition: int) -> int:
    standing = standings(projector, [partition]).get(partition)
    if standing is None:
        return 0
    if reason := why_unprovable(projector, standing):
        raise Unprovable(reason)
    return standing.position


def why_unprovable(projector: Projector, standing: Standing) -> str | None:
    """Why nothing can be proven of a view that stands there until it is rebuilt; None if it can."""
    if not standing.ours:
        return "it was computed from another ledger or epoch, or is beyond its log's end"
    if standing.version != projector.version:
        return f"its tables are of version {standing.version}, this process runs {projector.version}"
    return None


def rows(text: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What a statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
