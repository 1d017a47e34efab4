"""What workers count: every task with its outcome. Connected to Celery's signals when Django's apps are ready."""

from __future__ import annotations

import logging
from time import perf_counter, time
from typing import Any, Final

from celery import Task, signals
from django.conf import settings
from prometheus_client import Counter, Gauge, Histogram, start_http_server

from farehistory import running
from farehistory.metrics.endpoint import counted_here

TASKS: Final = Counter("farehistory_tasks", "Tasks carried out, by outcome.", ["task", "outcome"])
TASK_SECONDS: Final = Histogram(
    "farehistory_task_seconds",
    "Seconds that a task took.",
    ["task"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 240),
)
LAST_SUCCESS: Final = Gauge(
    "farehistory_task_last_success_timestamp_seconds",
    "When a task last succeeded.",
    ["task"],
    multiprocess_mode="max",
)

logger = logging.getLogger(__name__)

_began: dict[str, float] = {}


@signals.task_prerun.connect
def _begin(task_id: str, **_: Any) -> None:
    _began[task_id] = perf_counter()


@signals.task_postrun.connect
def _end(task_id: str, task: Task, state: str | None = None, **_: Any) -> None:
    outcome = (state or "unknown").lower()
    TASKS.labels(task.name, outcome).inc()
    began = _began.pop(task_id, None)
    if began is not None:
        TASK_SECONDS.labels(task.name).observe(perf_counter() - began)
    if outcome == "success":
        LAST_SUCCESS.labels(task.name).set(time())


@signals.worker_init.connect
def _start_anew(**_: Any) -> None:
    """Before the pool is forked."""
    if settings.FAREHISTORY_RUN_IS_OURS:
        running.empty(settings.FAREHISTORY_RUN)


@signals.worker_ready.connect
def _serve(**_: Any) -> None:
    """The worker's own figures, on a port of its own: a worker's machine need not be a web server's."""
    if settings.FAREHISTORY_WORKER_METRICS_PORT:
        port, address = settings.FAREHISTORY_WORKER_METRICS_PORT, settings.FAREHISTORY_WORKER_METRICS_ADDRESS
        start_http_server(port, address, registry=counted_here())
        logger.info("figures for Prometheus on %s:%s", address, port)


@signals.heartbeat_sent.connect
def _alive(**_: Any) -> None:
    running.note_alive(settings.FAREHISTORY_RUN, "worker")
