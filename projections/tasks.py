"""Celery's tasks: one call each, keyword arguments only, so that an old worker survives new ones."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from events import wakeup
from projections import runner
from projections.projectors import PROJECTORS


@shared_task(name=wakeup.TASK)
def drain(*, partitions: list[int], **_: Any) -> None:
    """Moves every view to the end of these partitions' logs."""
    wakeup.taken(partitions)
    for projector in PROJECTORS:
        runner.drain(projector, partitions)


@shared_task(name="projections.sweep")
def sweep(**_: Any) -> None:
    """Moves every view wherever it is behind: what lost wake-ups left."""
    for projector in PROJECTORS:
        runner.drain(projector, runner.lagging(projector))
