"""Walks through a view, one in each partition: where each stands, which is next, how fast they have to go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from events import feed
from projections import checkpoints
from projections.drift import bookings
from projections.models import DriftWalk, Rebuild
from projections.projector import Projector

USUAL_SECONDS: Final = 5.0
"""Between two ticks, until it is known."""
LONGEST_SECONDS: Final = 60.0
"""Work of a longer pause is not made good at once: the pace rises instead."""


def of(projector: Projector, now: datetime) -> list[DriftWalk]:
    """Every partition's walk, the most urgent first: one that is under way, then the one that waits the longest."""
    walks = list(DriftWalk.objects.filter(projection=projector.name))
    missing = feed.heads().keys() - {walk.partition for walk in walks}
    if missing:
        DriftWalk.objects.bulk_create(
            [
                DriftWalk(projection=projector.name, partition=partition, started_at=now)
                for partition in sorted(missing)
            ],
            ignore_conflicts=True,
        )
        walks = list(DriftWalk.objects.filter(projection=projector.name))
    return sorted(walks, key=lambda walk: (not is_under_way(walk), walk.started_at, walk.partition))


def is_under_way(walk: DriftWalk) -> bool:
    """Whether some of it was checked; otherwise `started_at` is when the one before it ended."""
    return walk.after != ""


def is_outdated(walk: DriftWalk) -> bool:
    """Whether the tables that it has walked through were swapped out meanwhile, so that it begins again."""
    return is_under_way(walk) and (
        Rebuild.objects.filter(
            projection=walk.projection, state=Rebuild.State.DONE, finished_at__gte=walk.started_at
        ).exists()
    )


def quota(projector: Projector, walks: Sequence[DriftWalk], now: datetime) -> int:
    """Bookings to check in this tick, so that every walk ends FAREHISTORY_DRIFT_WALK_SECONDS after the one before
    it did: the pace that the most pressing of those times asks for, with all that has to be walked before it."""
    size = bookings.estimated(projector) / len(walks)
    pace, work = 0.0, 0.0
    for walk in walks:
        work += max(0.0, size - walk.checked)
        due = walk.started_at + timedelta(seconds=settings.FAREHISTORY_DRIFT_WALK_SECONDS)
        pace = max(pace, work / max(1.0, (due - now).total_seconds()))
    return math.ceil(pace * _seconds_since_last(walks, now))


def is_due_whole(projector: Projector, walks: Sequence[DriftWalk], now: datetime) -> bool:
    """Whether it is time to check the next partition of a view that can only be checked by whole partitions.

    Small ones are checked in every tick; large ones so seldom that they cost no more than walks through bookings
    do, but in the configured time in any case.
    """
    events = checkpoints.position(projector.name, walks[0].partition)
    rest = min(
        USUAL_SECONDS * events / bookings.MOST_EVENTS,
        settings.FAREHISTORY_DRIFT_WALK_SECONDS / len(walks),
    )
    return _seconds_since_last(walks, now, most=math.inf) >= rest


def _seconds_since_last(walks: Sequence[DriftWalk], now: datetime, *, most: float = LONGEST_SECONDS) -> float:
    last = max((walk.checked_at for walk in walks if walk.checked_at), default=None)
    if last is None:
        return min(most, USUAL_SECONDS) if most < math.inf else most
    return min(most, max(0.0, (now - last).total_seconds()))
