"""What PostgreSQL and Redis know, asked when Prometheus scrapes. Each server asks the same; take the `max` of them.

A part that cannot be read is left out, never told from memory as if it were so now: `farehistory_known` says which,
`farehistory_up` why.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from kombu import Connection
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from redis.backoff import NoBackoff
from redis.retry import Retry

from events.corrections import queue
from farehistory import health
from projections import cache, leases, status, tasks
from projections.standing_faults import StandingFaults
from projections.status import Status
from projections.streams import groups

_NAME: Final = "farehistory_"
_ANSWER_WITHIN: Final = 0.5

_faults = StandingFaults(logging.getLogger(__name__))

Part = Callable[[], Iterable[Metric]]


class State:
    """Everything, one part after the other."""

    def collect(self) -> Iterator[Metric]:
        checks = health.ready()[1]["checks"]
        up = {
            "postgresql": checks["postgresql"] == "ok",
            "redis": checks["redis"] == "ok",
            "cache": _answers(settings.CACHE_URL, checks["redis"] == "ok"),
            "broker": False,
        }
        known: dict[str, bool] = {}
        for dependency, part in _PARTS:
            if dependency == "broker" or up[dependency]:
                metrics = _read(part)
                if dependency == "broker":
                    up["broker"] = metrics is not None
                known[part.__name__.strip("_")] = metrics is not None
                yield from metrics or ()
            else:
                known[part.__name__.strip("_")] = False
        yield _labelled("up", "Whether a dependency answers this server.", "dependency", up)
        yield _labelled("known", "Whether a part of these figures could be read just now.", "part", known)
        if up["postgresql"]:
            yield _one(
                "ledger_in_force", "Whether the database keeps the ledger's rules.", checks["ledger"] == "ok"
            )


def _read(part: Part) -> list[Metric] | None:
    try:
        metrics = list(part())
    except Exception as error:  # whatever it is: the other parts are told all the same
        connection.close_if_unusable_or_obsolete()
        _faults.note(f"reading {part.__name__.strip('_')} for /metrics", error)
        return None
    _faults.over(f"reading {part.__name__.strip('_')} for /metrics")
    return metrics


def _projections() -> Iterator[Metric]:
    found = status.statuses()
    yield _counter("ledger_events", "Events in the ledger.", found[0].head if found else 0)
    for name, text, value in _OF_PROJECTIONS:
        values = {each.name: value(each) for each in found}
        known = {name: float(number) for name, number in values.items() if number is not None}
        yield _labelled(f"projection_{name}", text, "projection", known)
    rebuilds = GaugeMetricFamily(
        f"{_NAME}projection_last_rebuild_timestamp_seconds",
        "When the last rebuild ended, and how: done, compared, cancelled or failed.",
        labels=["projection", "state"],
    )
    for each in found:
        if each.last_rebuild is not None and each.last_rebuild.finished_at is not None:
            rebuilds.add_metric(
                [each.name, each.last_rebuild.state], each.last_rebuild.finished_at.timestamp()
            )
    yield rebuilds


def _stamp(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


_OF_PROJECTIONS: Final[list[tuple[str, str, Callable[[Status], float | None]]]] = [
    ("position", "Events that it has passed.", lambda each: each.position),
    ("lag_events", "Events that it lacks.", lambda each: each.lag_events),
    (
        "lag_seconds",
        "Age of the oldest event that it lacks; 0 where it lacks none.",
        lambda each: each.lag_seconds,
    ),
    ("set_aside", "Bookings that it could not take.", lambda each: each.set_aside),
    ("open_drift", "Rows that differ from the ledger and are not put right.", lambda each: each.open_drift),
    ("paused", "Whether somebody paused it.", lambda each: each.paused_at is not None),
    (
        "stands_still",
        "Whether it needs a rebuild or replay to move.",
        lambda each: each.needs_rebuild is not None,
    ),
    ("rebuilding", "Whether a rebuild of it has not ended.", lambda each: each.rebuild is not None),
    (
        "proven_timestamp_seconds",
        "When it was last proven equal to the ledger, in the partition proven longest ago; absent: not yet.",
        lambda each: _stamp(each.proven_at),
    ),
    (
        "checked_timestamp_seconds",
        "When the drift monitor last checked some of it; absent: not yet.",
        lambda each: _stamp(each.checked_at),
    ),
]


def _corrections() -> Iterator[Metric]:
    waiting = queue.waiting()
    oldest = queue.oldest(waiting)
    age = 0.0 if oldest is None else (timezone.now() - oldest.proposed_at).total_seconds()
    yield _one(
        "corrections_waiting", f"Corrections to decide on; {queue.COUNTED + 1}: more.", queue.counted(waiting)
    )
    yield _one("correction_oldest_waiting_seconds", "Age of the one that has waited longest; 0: none.", age)


def _schedules() -> Iterator[Metric]:
    off = PeriodicTask.objects.filter(enabled=False).count()
    yield _one("schedules_off", "Schedules that are switched off.", off)


def _sweep() -> Iterator[Metric]:
    swept_at = leases.last_alive(tasks.SWEEP)
    if swept_at is not None:
        text = "When a worker last swept, for which beat, broker and worker must be at work."
        yield _one("last_sweep_timestamp_seconds", text, swept_at.timestamp())


def _streams() -> Iterator[Metric]:
    lags = groups.totals(groups.group_lags())
    for name, text, values in (
        ("lag_events", "Events that the group was not given yet.", {each.group: each.lag for each in lags}),
        ("pending_events", "Events given and not acknowledged.", {each.group: each.pending for each in lags}),
        (
            "oldest_pending_seconds",
            "Age of the oldest of those; 0: none.",
            {each.group: each.oldest_pending_seconds or 0.0 for each in lags},
        ),
    ):
        yield _labelled(f"stream_group_{name}", text, "group", values)


def _cache() -> Iterator[Metric]:
    family = CounterMetricFamily(
        f"{_NAME}cache_reads", "Eventual reads, by how they were answered.", labels=["outcome"]
    )
    for outcome, reads in cache.counters().items():
        family.add_metric([outcome], reads)
    yield family


def _queues() -> Iterator[Metric]:
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS | {"socket_timeout": _ANSWER_WITHIN}
    waiting: dict[str, int] = {}
    broker: Any
    with Connection(settings.CELERY_BROKER_URL, transport_options=options) as broker:
        for each in settings.CELERY_TASK_QUEUES:
            try:
                waiting[each.name] = broker.default_channel.queue_declare(
                    each.name, passive=True
                ).message_count
            except broker.channel_errors:  # an empty queue is no queue
                waiting[each.name] = 0
    yield _labelled("queue_tasks", "Tasks that wait for a worker.", "queue", waiting)


_PARTS: Final[list[tuple[str, Part]]] = [
    ("postgresql", _projections),
    ("postgresql", _corrections),
    ("postgresql", _schedules),
    ("redis", _sweep),
    ("redis", _streams),
    ("cache", _cache),
    ("broker", _queues),
]


def _answers(url: str, main_one_does: bool) -> bool:
    if url == settings.REDIS_URL:
        return main_one_does
    limits = {"socket_connect_timeout": _ANSWER_WITHIN, "socket_timeout": _ANSWER_WITHIN}
    with redis.Redis.from_url(url, **limits, retry=Retry(NoBackoff(), 0)) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{_NAME}{name}", text, value=float(value))


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"{_NAME}{name}", text, value=float(value))


def _labelled(name: str, text: str, label: str, values: dict[str, Any]) -> Metric:
    family = GaugeMetricFamily(f"{_NAME}{name}", text, labels=[label])
    for each, value in values.items():
        family.add_metric([each], float(value))
    return family
