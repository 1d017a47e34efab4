"""What people and rebuilds decide about a projection: pause, resume, replay, and the generation of its rows."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from events import feed
from projections import checkpoints, sql
from projections.models import ProjectionState
from projections.projector import LIVE, Projector

logger = logging.getLogger(__name__)


class CannotReplay(ValueError):
    """The projection cannot be set back to that position."""


def pause(name: str, by: str) -> bool:
    """Nothing moves the projection until it is resumed. Pausing twice keeps the first; whether this was it."""
    ProjectionState.objects.get_or_create(name=name)
    running = ProjectionState.objects.filter(name=name, paused_at=None)
    has_paused = bool(running.update(paused_at=timezone.now(), paused_by=by))
    if has_paused:
        logger.info("%s was paused by %s", name, by)
    return has_paused


def resume(name: str, by: str = "") -> bool:
    """It is moved again from where it was, by the next sweep at the latest; whether it was paused."""
    halted = ProjectionState.objects.filter(name=name).exclude(paused_at=None)
    has_resumed = bool(halted.update(paused_at=None, paused_by=""))
    if has_resumed:
        logger.info("%s was resumed by %s", name, by)
    return has_resumed


def paused() -> set[str]:
    """The names of the projections that are paused."""
    return set(ProjectionState.objects.exclude(paused_at=None).values_list("name", flat=True))


def generation(name: str) -> int:
    """How often the rows of the projection were changed by something else than an event; counts from 1."""
    row = ProjectionState.objects.filter(name=name).values_list("generation", flat=True).first()
    return 1 if row is None else row


def raise_generation(name: str) -> None:
    """Says that rows have changed without an event: a swap, a repair. Whoever caches them hears of it."""
    from projections import cache

    ProjectionState.objects.get_or_create(name=name)
    ProjectionState.objects.filter(name=name).update(generation=F("generation") + 1)
    transaction.on_commit(cache.publish_generation, robust=True)


def replay(projector: Projector, after: Mapping[int, int]) -> None:
    """Sets a consumer back: partition → the position after which it begins again.

    Raises CannotReplay for a view (it is rebuilt instead), and where the log has no such position.
    """
    if projector.tables:
        raise CannotReplay(f"{projector.name} is a view: rebuild it instead")
    heads = feed.heads()
    for partition, position in after.items():
        if partition not in heads:
            raise CannotReplay(f"there is no partition {partition}: they count from 0 to {max(heads)}")
        if not 0 <= position <= heads[partition]:
            raise CannotReplay(
                f"partition {partition} has no position {position}: its log ends at {heads[partition]}"
            )
    checkpoints.ensure(projector)
    with transaction.atomic():
        for partition, position in sorted(after.items()):
            _set_back(projector, partition, position)
            projector.rewind(partition, position)


def _set_back(projector: Projector, partition: int, position: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.in_schema(sql.statement("set_back_checkpoint"), LIVE),
            {
                "projection": projector.name,
                "partition": partition,
                "position": position,
                "version": projector.version,
            },
        )
