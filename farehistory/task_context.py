"""Request id and actor go with every task, as message headers, and come back in whoever carries it out.

So what a person or a service caused can be followed through the worker's log. A wake-up stands for many appends, and
has the id of the first; beat's tasks stand for none, and have ids of their own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final
from uuid import uuid4

from celery import Task
from celery.signals import before_task_publish, task_postrun, task_prerun

from farehistory.http.actors import requesting_actor
from farehistory.http.request_ids import current_request_id

SCHEDULE: Final = "schedule"
"""The actor of what nobody asked for but the clock."""

logger = logging.getLogger(__name__)

current_actor: ContextVar[str | None] = ContextVar("current_actor", default=None)
"""On whose behalf this process carries out a task or sends one; in a request, `requesting_actor` knows."""

current_task: ContextVar[tuple[str, str] | None] = ContextVar("current_task", default=None)
"""Name and id of the task that this process carries out."""


@contextmanager
def caused_by(request_id: str, actor: str) -> Iterator[None]:
    """Tasks sent inside carry these."""
    tokens = current_request_id.set(request_id), current_actor.set(actor)
    try:
        yield
    finally:
        current_request_id.reset(tokens[0])
        current_actor.reset(tokens[1])


@before_task_publish.connect
def _label(headers: dict[str, Any], **_: Any) -> None:
    """What the sender named itself stands."""
    headers.setdefault("request_id", current_request_id.get() or str(uuid4()))
    actor = headers.get("actor") or current_actor.get() or requesting_actor()
    if actor:
        headers["actor"] = actor


@task_prerun.connect
def _restore(task: Task, **_: Any) -> None:
    carried = task.request.headers or {}
    current_request_id.set(carried.get("request_id"))
    current_actor.set(carried.get("actor"))
    current_task.set((task.name, str(task.request.id)))
    if carried.get("actor") not in (None, SCHEDULE):
        logger.info("%s on behalf of %s", task.name, carried["actor"])


@task_postrun.connect
def _clear(**_: Any) -> None:
    current_request_id.set(None)
    current_actor.set(None)
    current_task.set(None)
