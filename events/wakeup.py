"""Tells the read side and readers of the feed that logs grew. Best effort: a lost wake-up costs at most one sweep.

An append must not wait for Redis. It leaves the partitions with threads of this process. One publishes them to the
readers of the feed, at once. The other sends one task for all that came together. Across processes these gather in a
set in Redis, and a second task is not sent while one waits to begin: whoever begins takes all that has gathered. So the
busier the logs are, the more one task moves. It carries the id of the first request that it was sent for.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import Final

import redis
from celery import current_app
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from events.per_process import PerProcess

TASK: Final = "projections.drain"

_GATHER_SECONDS: Final = 0.02
"""How long a wake-up waits for others to go with it: a burst of appends is one task."""

_PUBLISH_GATHER_SECONDS: Final = 0.002
"""The same for what is published to readers: soon for them, and no more than 500 messages a second."""

_SENT_LASTS_SECONDS: Final = 5
"""How long a task that was lost keeps others from being sent."""

_ALL: Final = 256
"""The most partitions that a ledger has."""

_REST_AFTER_FAILURE_SECONDS: Final = 1.0

logger = logging.getLogger(__name__)


def wake(partitions: Iterable[int], request_id: str | None = None) -> None:
    """Leaves word that these partitions have new events. Returns at once, whatever Redis does."""
    partitions = list(partitions)
    _readers().leave(partitions, request_id)
    _waker().leave(partitions, request_id)


def channel() -> str:
    """Where partitions that grew are published, as "3,17"."""
    return _key("grew")


def taken(partitions: Iterable[int]) -> list[int]:
    """Called by whoever is about to read these partitions; answers them with all others that have gathered.

    Later appends need another task.
    """
    try:
        with _redis().pipeline(transaction=False) as pipeline:
            pipeline.delete(_key("sent"))
            pipeline.spop(_key("partitions"), _ALL)
            gathered = pipeline.execute()[1]
    except redis.RedisError as error:
        logger.warning("a wake-up stays marked as sent until that expires: %s", error)
        gathered = []
    return sorted({*partitions, *map(int, gathered)})


class _Sender:
    """A thread of one process that passes on what was left with it, together."""

    def __init__(self, name: str, gather: float, send: Callable[[list[int], str | None], None]) -> None:
        self._gather = gather
        self._send = send
        self._pending: set[int] = set()
        self._request_id: str | None = None
        """Of the first that is pending and has one."""
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def leave(self, partitions: Iterable[int], request_id: str | None) -> None:
        with self._changed:
            self._pending.update(partitions)
            self._request_id = self._request_id or request_id
            self._changed.notify()

    def close(self) -> None:
        """Sends what is left, waiting for it briefly: a command that ends must not wait for the sweep."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending or self._closing)
            if not self._closing:
                time.sleep(self._gather)
            with self._changed:
                partitions, self._pending = self._pending, set()
                request_id, self._request_id = self._request_id, None
            if not partitions:
                return
            try:
                self._send(sorted(partitions), request_id)
            except Exception as error:
                # Whatever it is, this thread has to serve the next append; who waits looks again by itself.
                logger.warning(
                    "%s: nobody was told of partitions %s: %r", self._thread.name, partitions, error
                )
                time.sleep(_REST_AFTER_FAILURE_SECONDS)


def _send_task(partitions: list[int], request_id: str | None) -> None:
    if _must_be_sent(partitions):
        headers = {"request_id": request_id} if request_id else {}
        current_app.send_task(TASK, kwargs={"partitions": partitions}, headers=headers, retry=False)


def _publish(partitions: list[int], _: str | None) -> None:
    _redis().publish(channel(), ",".join(map(str, partitions)))


_waker = PerProcess(lambda: _Sender("wake-up", _GATHER_SECONDS, _send_task))
_readers = PerProcess(lambda: _Sender("wake-up of readers", _PUBLISH_GATHER_SECONDS, _publish))


def _must_be_sent(partitions: list[int]) -> bool:
    """Adds these to what has gathered; whether no task is waiting that will take them.

    Added first: a task that begins in between takes them, and where it began before, the mark is gone.
    """
    with _redis().pipeline(transaction=False) as pipeline:
        pipeline.sadd(_key("partitions"), *partitions)
        pipeline.set(_key("sent"), 1, nx=True, ex=_SENT_LASTS_SECONDS)
        return bool(pipeline.execute()[1])


def _key(name: str) -> str:
    return f"{settings.REDIS_PREFIX}wake-up:{name}"


@cache
def _redis() -> redis.Redis:
    # Without retries: a drain calls `taken`, and must not stand still for seconds while Redis is away.
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 0)
    )
