"""What the tests of rebuilds look at and damage in the view of current fares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from events import history
from events.partitions import partition_of
from projections import projectors, rebuild, runner
from projections.models import Drift, Rebuild
from projections.projector import LIVE, NEXT, Page, Projector
from projections.projectors.current_fare import CurrentFareProjector
from projections.proof import prove
from projections.rebuild import driver
from tests.builders import new_booking_id

PROJECTOR = CurrentFareProjector()
NAME = PROJECTOR.name


def drain() -> None:
    runner.drain(PROJECTOR, runner.lagging(PROJECTOR))


def rebuilt(name: str = NAME, **wanted: Any) -> Rebuild:
    return rebuild.run(rebuild.start(name, requested_by="a test", **wanted).pk)


def ready_to_swap() -> Rebuild:
    """A rebuild that only has to change places with the live view."""
    steps = {state: step for state, step in driver._STEPS.items() if state != Rebuild.State.SWAPPING}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driver, "_STEPS", steps)
        run = rebuilt()
    assert run.state == Rebuild.State.SWAPPING
    return run


def drift_of(run: Rebuild, booking: str) -> Drift:
    return Drift.objects.get(rebuild=run, booking_id=booking)


def damage(booking: str, assignment: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {LIVE}.current_fare SET {assignment} WHERE partition = %s AND booking_id = %s",
            [partition_of(booking), booking],
        )


def forget(booking: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {LIVE}.current_fare WHERE partition = %s AND booking_id = %s",
            [partition_of(booking), booking],
        )


def row_of(booking: str, schema: str = LIVE) -> dict[str, Any] | None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT to_jsonb(fare)::json FROM {schema}.current_fare AS fare"
            " WHERE partition = %s AND booking_id = %s",
            [partition_of(booking), booking],
        )
        row = cursor.fetchone()
    return None if row is None else row[0]


def is_as_the_ledger_says(booking: str) -> bool:
    row, head = row_of(booking), history.head_of(booking)
    assert head is not None
    return row is not None and (row["version"], row["fare_minor"]) == (
        head.version,
        int(head.fare.scaleb(head.exponent)),
    )


def assert_everything_is_right() -> None:
    """Every fare of the view is the fold of its events, and no rebuild left anything behind."""
    drain()
    proof = prove()
    assert (proof.differences, proof.gaps) == ([], [])
    assert tables_in(NEXT) == set()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {NEXT}.checkpoint WHERE projection LIKE %s", [f"{NAME}%"])
        assert cursor.fetchone() == (0,)
    assert rebuild.unfinished(NAME) is None


def tables_in(schema: str) -> set[str]:
    """Tables of the view of current fares."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename = ANY (%s)",
            [schema, list(PROJECTOR.tables)],
        )
        return {name for (name,) in cursor.fetchall()}


def table_id(schema: str = LIVE) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)::oid", [f"{schema}.current_fare"])
        return cursor.fetchone()[0]


def partitions_of(*bookings: str) -> list[int]:
    return sorted({partition_of(booking) for booking in bookings})


def bookings_of(partition: int, count: int) -> list[str]:
    """New ids of one partition."""
    found: list[str] = []
    while len(found) < count:
        booking = new_booking_id()
        if partition_of(booking) == partition:
            found.append(booking)
    return found


class LaterVersion(CurrentFareProjector):
    """It has one column more, and writes the currency of a fare with an odd component in small letters."""

    version = "2 of a test"

    def table_statements(self) -> str:
        return f"{super().table_statements()}; ALTER TABLE :\"schema\".current_fare ADD COLUMN seen text DEFAULT 'new'"

    def apply(self, page: Page) -> None:
        super().apply(page)
        with connection.cursor() as cursor:
            cursor.execute(
                f'UPDATE "{page.schema}".current_fare SET currency = lower(currency)'
                " WHERE partition = %s AND 'odd' = ANY (components) AND currency <> lower(currency)",
                [page.partition],
            )


@contextmanager
def running(projector: Projector) -> Iterator[None]:
    """The code that runs has this projector in the place of the one of the same name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            projectors,
            "PROJECTORS",
            tuple(projector if each.name == projector.name else each for each in projectors.PROJECTORS),
        )
        yield


@contextmanager
def running_too(projector: Projector) -> Iterator[None]:
    """The code that runs has this projector besides the others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projectors, "PROJECTORS", (*projectors.PROJECTORS, projector))
        yield
