"""Tells the read side that logs grew. Best effort: losing a wake-up costs at most one sweep.

An append must not wait for Redis. It leaves the partitions with a thread of this process, which sends one task
for all that came together. Across processes a key per partition keeps a second wake-up from being sent while
one is under way; whoever drains the partition removes the key before it reads.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

import redis
from celery import current_app
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

TASK: Final = "projections.drain"

_GATHER_SECONDS: Final = 0.02
"""How long a wake-up waits for others to go with it: a burst of appends is one task."""

_KEY_LIFE_SECONDS: Final = 5
_REST_AFTER_FAILURE_SECONDS: Final = 1.0

logger = logging.getLogger(__name__)


def wake(partitions: Iterable[int]) -> None:
    """Leaves word that these partitions have new events. Returns at once, whatever Redis does."""
    _waker().leave(partitions)


def taken(partitions: Iterable[int]) -> None:
    """Called by whoever is about to read these partitions: later appends need a wake-up of their own."""
    try:
        _redis().delete(*(_key(partition) for partition in partitions))
    except redis.RedisError as error:
        logger.warning("the wake-ups of partitions %s stay marked until they expire: %s", partitions, error)


class _Waker:
    """The sending thread of one process."""

    def __init__(self) -> None:
        self._pending: set[int] = set()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="wake-up", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def leave(self, partitions: Iterable[int]) -> None:
        with self._changed:
            self._pending.update(partitions)
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
                time.sleep(_GATHER_SECONDS)
            with self._changed:
                partitions, self._pending = self._pending, set()
            if not partitions:
                return
            self._send(sorted(partitions))

    def _send(self, partitions: list[int]) -> None:
        try:
            fresh = _claimed(partitions)
            if fresh:
                current_app.send_task(TASK, kwargs={"partitions": fresh}, retry=False)
        except Exception as error:
            # Whatever it is, this thread has to serve the next append; the sweep finds what it could not tell.
            logger.warning(
                "no wake-up was sent for partitions %s, the sweep will find them: %r", partitions, error
            )
            time.sleep(_REST_AFTER_FAILURE_SECONDS)


_wakers: dict[int, _Waker] = {}
_making = threading.Lock()


def _waker() -> _Waker:
    """This process's waker: threads do not survive a fork, so each process has its own."""
    pid = os.getpid()
    if pid not in _wakers:
        with _making:
            if pid not in _wakers:
                _wakers[pid] = _Waker()
    return _wakers[pid]


def _claimed(partitions: list[int]) -> list[int]:
    """Those of the partitions for which no wake-up is under way."""
    with _redis().pipeline(transaction=False) as pipeline:
        for partition in partitions:
            pipeline.set(_key(partition), 1, nx=True, ex=_KEY_LIFE_SECONDS)
        answers: list[Any] = pipeline.execute()
    return [partition for partition, is_new in zip(partitions, answers, strict=True) if is_new]


def _key(partition: int) -> str:
    return f"{settings.REDIS_PREFIX}wake:{partition}"


@cache
def _redis() -> redis.Redis:
    # Without retries: a drain calls `taken`, and must not stand still for seconds while Redis is away.
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 0)
    )
