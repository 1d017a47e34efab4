"""Writes down what a look has found: drift, once; what is equal again; and how far the walk has got."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from projections.drift.snapshot import LISTED, Found
from projections.drift.walks import is_under_way
from projections.findings import row_of
from projections.models import Drift, DriftWalk

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """How a walk moves on by a look."""

    started_at: datetime
    """When the walk began that it belongs to."""
    last: str
    """The last booking that was looked at."""
    begins: bool
    ends: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a look."""

    drift: int = 0
    """Rows that were not known to differ before."""
    put_right: int = 0
    """Rows that were known to differ, and are equal again."""
    moved: bool = False
    """Whether the walk moved on; not if another tick has moved it meanwhile."""


def record(seen: DriftWalk, found: Found, now: datetime, step: Step | None = None) -> Recorded:
    """`seen`: the walk as the look saw it; `step`: how it moves on, if the look was part of it."""
    with transaction.atomic():
        walk = DriftWalk.objects.select_for_update(no_key=True).get(pk=seen.pk)
        known = _known(walk, found)
        fresh = _new_drift(walk, found, known)
        put_right = _put_right(found, known, now)
        moved = step is not None and _place(walk) == _place(seen)
        if step is not None and moved:
            _move(walk, found, step, now)
        elif is_under_way(walk):
            walk.drift_found |= not found.is_equal
        walk.checked_at = now
        walk.save()
    _tell(walk, fresh, found)
    return Recorded(len(fresh), put_right, moved)


def _place(walk: DriftWalk) -> tuple[Any, ...]:
    return walk.started_at, walk.after, walk.checked


def _move(walk: DriftWalk, found: Found, step: Step, now: datetime) -> None:
    walk.checked = (0 if step.begins else walk.checked) + len(found.bookings or ())
    walk.drift_found = (walk.drift_found and not step.begins) or not found.is_equal
    walk.started_at, walk.after = step.started_at, step.last
    if step.ends:
        if not walk.drift_found:
            walk.proven_at = max(walk.proven_at or step.started_at, step.started_at)
        # The next one is not begun yet: until then, this is when the one before it ended.
        walk.started_at, walk.after, walk.checked, walk.drift_found = now, "", 0, False


def _known(walk: DriftWalk, found: Found) -> list[Drift]:
    """The open drift of what was looked at."""
    known = Drift.objects.filter(
        projection=walk.projection, partition=walk.partition, put_right_at=None, is_expected=False
    )
    if found.bookings is not None:
        known = known.filter(booking_id__in=found.bookings)
    return list(known)


def _new_drift(walk: DriftWalk, found: Found, known: list[Drift]) -> list[Drift]:
    """Records the rows that are not on the list yet."""
    listed = {row_of(drift) for drift in known}
    fresh = [
        Drift(
            projection=walk.projection,
            partition=walk.partition,
            table=difference.table,
            key=difference.key,
            booking_id=difference.booking_id,
            stored=difference.stored,
            rebuilt=difference.rebuilt,
            first_version=version,
        )
        for difference, version in found.differences
        if row_of(difference) not in listed
    ]
    return Drift.objects.bulk_create(fresh)


def _put_right(found: Found, known: list[Drift], now: datetime) -> int:
    """Takes off the list what is equal now."""
    if len(found.differences) >= LISTED or "" in found.failures:
        return 0  # not everything that differs is known
    differ = {row_of(difference) for difference, _ in found.differences}
    equal = [drift.pk for drift in known if row_of(drift) not in differ]
    return Drift.objects.filter(pk__in=equal, put_right_at=None).update(put_right_at=now) if equal else 0


def _tell(walk: DriftWalk, fresh: list[Drift], found: Found) -> None:
    for drift in fresh:
        logger.error(
            "drift: %s in %s differs from the ledger from version %s on: stored %s, rebuilt %s",
            *(drift.booking_id or drift.key, drift.projection, drift.first_version),
            *(drift.stored, drift.rebuilt),
        )
    for what, error in found.failures.items():
        logger.error(
            "%s of %s cannot be folded anew, so it is not proven: %s",
            *(f"booking {what}" if what else f"partition {walk.partition}", walk.projection, error),
        )
