"""What the tests of the drift monitor let it do, and what they look at afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from django.db import connection
from django.utils import timezone

from events.partitions import count, partition_of
from projections import drift, runner
from projections.drift import monitor, walks
from projections.models import Drift, DriftWalk
from projections.projector import Projector
from projections.projectors import PROJECTORS, projector
from tests.builders import new_booking_id

FARES = projector("current_fare")
TOTALS = projector("daily_totals")
VIEWS = [each for each in PROJECTORS if each.tables]


def drain() -> None:
    for view in VIEWS:
        runner.drain(view, runner.lagging(view))


def walk(view: Projector = FARES) -> drift.Tick:
    """Ticks until every partition of a view has been walked through, from its beginning to its end."""
    walks.of(view, timezone.now())
    began, deadline = timezone.now(), time.monotonic() + 60
    whole = drift.Tick()
    with only(view):
        while time.monotonic() < deadline:
            done = drift.tick()
            whole.drift += done.drift
            whole.put_right += done.put_right
            mine = DriftWalk.objects.filter(projection=view.name)
            if len(mine) == count() and all(not each.after and each.started_at >= began for each in mine):
                return whole
    raise TimeoutError("the walk did not end")


@contextmanager
def only(view: Projector) -> Iterator[None]:
    """The monitor watches this view alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(monitor, "PROJECTORS", (view,))
        yield


def walk_of(booking: str, view: Projector = FARES) -> DriftWalk:
    return DriftWalk.objects.get(projection=view.name, partition=partition_of(booking))


def proven_at(booking: str) -> datetime:
    proven = walk_of(booking).proven_at
    assert proven is not None
    return proven


def drop_walks() -> None:
    DriftWalk.objects.all().delete()


def open_drift(booking: str) -> list[Drift]:
    return list(Drift.objects.filter(booking_id=booking, put_right_at=None))


def execute(statement: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def ids_of(partition: int, number: int) -> list[str]:
    found: list[str] = []
    while len(found) < number:
        booking = new_booking_id()
        if partition_of(booking) == partition:
            found.append(booking)
    return found
