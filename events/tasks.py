"""Celery's tasks of the write side: one call each, keyword arguments only; more of them than a task knows do no harm.

Each may be delivered twice, be killed at any line, or never arrive: what they do is the same done twice, and the
sweep finds what was not done.
"""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from celery import shared_task

from events.errors import Unavailable
from events.transfers import cleaning, driving
from events.transfers.models import Transfer

logger = logging.getLogger(__name__)


@shared_task(name="events.go_on", throws=(Unavailable,))
def go_on(*, run_id: str, **_: Any) -> None:
    """Takes an import or export further, and leaves word for what remains."""
    if driving.go_on(UUID(run_id)):
        go_on.apply_async(kwargs={"run_id": run_id})


@shared_task(name="events.take_runs_up")
def take_runs_up(**_: Any) -> None:
    """Imports and exports that nobody is at work at go on."""
    for run in driving.stalled():
        hand_over(run)


@shared_task(name="events.remove_old_files")
def remove_old_files(**_: Any) -> None:
    """Files of imports and exports go when their time is over."""
    removed = cleaning.remove_old_files()
    if removed:
        logger.info("the files of %s imports and exports have expired and are removed", removed)


def hand_over(run: Transfer, **options: Any) -> None:
    """Leaves word for the workers to go on with it, on behalf of whoever asked. Raises what the broker raises."""
    carried = {"request_id": run.request_id, "actor": run.confirmed_by_name or run.requested_by_name}
    go_on.apply_async(
        kwargs={"run_id": str(run.pk)},
        headers={name: value for name, value in carried.items() if value},
        **options,
    )
