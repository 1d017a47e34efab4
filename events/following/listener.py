"""Hears which logs grew, for all readers that wait in one process: one thread, only while somebody waits.

It subscribes to what appends publish. While Redis does not answer, it looks at the ends of the logs instead, one tiny
query for all who wait, and tries Redis again every few seconds. Whenever something may have been missed it wakes all:
they look for themselves.
"""

from __future__ import annotations

import logging
import threading
import time
from time import monotonic
from typing import Any, ClassVar, Final, Protocol

import redis
from django.conf import settings
from django.db import Error, connection
from redis.backoff import NoBackoff
from redis.retry import Retry

from events import feed, wakeup

LINGERS_SECONDS: Final = 10.0
"""How long it goes on when nobody waits any more: a consumer comes back at once after each answer."""

POLL_SECONDS: Final = 0.05
TRY_REDIS_EVERY_SECONDS: Final = 2.0
ANSWERS_WITHIN_SECONDS: Final = 1.0
TRIED_FOR_SECONDS: Final = 0.05
"""How long Redis may take to answer while it is only tried whether it is back: nobody looks meanwhile."""
SILENT_FOR_SECONDS: Final = 2.0
"""A subscription on which even a ping is not answered for so long is to a server that hangs."""

logger = logging.getLogger(__name__)


class Readers(Protocol):
    """Those for whom it listens."""

    def wake(self, partitions: set[int] | None) -> None: ...
    def anybody(self) -> bool: ...
    def dismissed(self, after: float) -> bool: ...


class Listener(threading.Thread):
    """The thread; it ends by itself when nobody has waited for a while."""

    _without_redis: ClassVar = False
    """Of the process: the next thread need not find it out again."""

    def __init__(self, readers: Readers) -> None:
        super().__init__(name="feed listener", daemon=True)
        self._readers = readers
        self._done = False

    def run(self) -> None:
        try:
            while not self._dismissed():
                try:
                    self._hear()
                except Exception as error:  # whatever it is, those who wait must not be left alone
                    self._note(error)
                    self._look()
        finally:
            connection.close()

    def _dismissed(self) -> bool:
        """Once it is, another one may be at work."""
        self._done = self._done or self._readers.dismissed(LINGERS_SECONDS)
        return self._done

    def _note(self, error: Exception) -> None:
        """Says it once, not at every try."""
        if not self._without_redis:
            logger.warning("Redis wakes no readers of the feed, their logs are looked at instead: %r", error)
        Listener._without_redis = True

    def _hear(self) -> None:
        """Wakes readers as partitions are published. Raises RedisError once that cannot be relied on."""
        answers_within = TRIED_FOR_SECONDS if self._without_redis else ANSWERS_WITHIN_SECONDS
        with _redis(answers_within) as client, client.pubsub() as channel:
            channel.subscribe(wakeup.channel())
            confirmed = channel.get_message(timeout=answers_within)
            if confirmed is None:
                raise redis.TimeoutError("a subscription was not answered")
            self._tell(confirmed)
            heard = asked = monotonic()
            while not self._dismissed():
                message = channel.get_message(timeout=SILENT_FOR_SECONDS / 4)
                now = monotonic()
                if message is not None:
                    heard = now
                    self._tell(message)
                elif heard < asked and now - asked > SILENT_FOR_SECONDS:
                    raise redis.TimeoutError("a ping was not answered")
                elif heard >= asked and now - heard > SILENT_FOR_SECONDS / 2:
                    channel.ping()
                    asked = monotonic()

    def _tell(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            connection.close()  # of the time without Redis
            Listener._without_redis = False
            self._readers.wake(None)  # what was published before it went by
        elif message["type"] == "message":
            self._readers.wake({int(partition) for partition in message["data"].split(b",")})

    def _look(self) -> None:
        """Wakes readers as logs are seen to have grown, until it is time to try Redis again."""
        until = monotonic() + TRY_REDIS_EVERY_SECONDS
        seen: dict[int, int] | None = None
        while monotonic() < until and not self._dismissed():
            if self._readers.anybody():
                heads = _heads()
                if seen is None or heads is None:
                    self._readers.wake(None)
                else:
                    self._readers.wake({p for p, head in heads.items() if head != seen.get(p)})
                seen = heads
            time.sleep(POLL_SECONDS)


def _heads() -> dict[int, int] | None:
    """None where the database is away: those who wait find that out for themselves."""
    try:
        return feed.heads()
    except Error:
        connection.close()
        time.sleep(1)
        return None


def _redis(answers_within: float) -> redis.Redis:
    """A connection of its own: a subscriber can do nothing else. Given up soon, since readers wait meanwhile."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=min(0.25, answers_within),
        socket_timeout=answers_within,
        retry=Retry(NoBackoff(), 0),
    )
