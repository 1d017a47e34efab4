"""What was found about the views, by the drift monitor and by rebuilds: rows that differ, each on the list once, and
partitions that are proven equal to the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from projections import sql
from projections.compare import Difference
from projections.models import Drift, DriftWalk


def drift(*, is_open: bool = True) -> QuerySet[Drift]:
    """The rows of the views that differ, or that did and are put right: of each its latest finding."""
    return Drift.objects.filter(put_right_at__isnull=is_open, is_expected=False, found_again=False)


def row_of(found: Drift | Difference) -> tuple[Any, ...]:
    """Which row of its view it is: the same for every finding about it."""
    return found.table, tuple(sorted((name, str(value)) for name, value in found.key.items()))


def replace(projection: str, partition: int, rows: Iterable[Drift]) -> None:
    """These new findings take the place of the open ones about the same rows, in the caller's transaction."""
    # The monitor records under the same lock, so that neither misses what the other finds.
    list(DriftWalk.objects.select_for_update(no_key=True).filter(projection=projection, partition=partition))
    found = {row_of(row) for row in rows}
    known = drift().filter(projection=projection, partition=partition)
    again = [row.pk for row in known if row_of(row) in found]
    if again:
        Drift.objects.filter(pk__in=again).update(found_again=True)


def proven(projection: str, partitions: Collection[int], began: datetime) -> None:
    """Notes that these partitions were found equal, or were made so, by work that began then.

    Never takes a later proof back. A partition with a booking that is set aside is not proven.
    """
    equal = sorted(set(partitions) - _with_something_set_aside(projection))
    walks = [DriftWalk(projection=projection, partition=each, started_at=timezone.now()) for each in equal]
    DriftWalk.objects.bulk_create(walks, ignore_conflicts=True)
    mine = DriftWalk.objects.filter(projection=projection, partition__in=equal)
    mine.exclude(proven_at__gte=began).update(proven_at=began)


def _with_something_set_aside(projection: str) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("partitions_set_aside"), {"projection": projection})
        return {partition for (partition,) in cursor.fetchall()}
