"""What happens while Redis is away: it is left alone for a moment, and fares are read from the view.

Those reads may be newer than what Redis holds. So the bookings are remembered, and what is cached of them is
removed before this process trusts Redis again.
"""

from __future__ import annotations

import logging
import os
from threading import Lock
from time import monotonic
from typing import Final

import redis

from projections.cache import link, stamps
from projections.cache.entries import key_of

REST_SECONDS: Final = 1.0
"""How long Redis is left alone after it failed."""

MOST_REMEMBERED: Final = 10_000
"""Bookings read past the cache that one process remembers; if there are more, all that is cached is given up."""

_AT_ONCE: Final = 500

logger = logging.getLogger(__name__)


class Outage:
    """Of one process. It is over once Redis takes a write again, and what was read meanwhile is removed."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As in a process that has just begun."""
        self._lock = Lock()
        self._on = False
        self._probing = False
        self._until = 0.0
        self._past: set[str] = set()
        self._too_many = False

    def begin(self, error: redis.RedisError, booking_id: str | None = None) -> None:
        """Redis has failed, perhaps while this booking was being read."""
        link.drop()
        with self._lock:
            if not self._on:
                logger.warning(
                    "the cache fails; fares are read from the view meanwhile: %s",
                    str(error) or type(error).__name__,
                )
            self._on = True
            self._until = monotonic() + REST_SECONDS
            self._remember(booking_id)

    def lasts(self, booking_id: str | None = None) -> bool:
        """Whether to leave Redis alone now. If so, the booking is going to be read past the cache."""
        if not self._on:
            return False
        with self._lock:
            if not self._on:
                return False
            self._remember(booking_id)
            if self._probing or monotonic() < self._until:
                return True
            self._probing = True
        try:
            return not self._is_over()
        finally:
            self._probing = False

    def _is_over(self) -> bool:
        removed = False
        while not self._end_if(removed):
            past, too_many = self._take()
            try:
                _remove(past, all_of_them=too_many)
            except BaseException as error:
                self._put_back(past, too_many)
                if isinstance(error, redis.RedisError):
                    self.begin(error)
                    return False
                raise
            removed = True
        return True

    def _end_if(self, removed: bool) -> bool:
        with self._lock:
            if not removed or self._past or self._too_many:
                return False
            self._on = False
        logger.warning("the cache is back")
        return True

    def _take(self) -> tuple[set[str], bool]:
        with self._lock:
            taken = self._past, self._too_many
            self._past, self._too_many = set(), False
        return taken

    def _put_back(self, past: set[str], too_many: bool) -> None:
        with self._lock:
            self._past |= past
            self._too_many |= too_many

    def _remember(self, booking_id: str | None) -> None:
        if booking_id is None or self._too_many:
            return
        self._past.add(booking_id)
        if len(self._past) > MOST_REMEMBERED:
            self._past, self._too_many = set(), True


def _remove(past: set[str], *, all_of_them: bool) -> None:
    """Also where there is nothing to remove, Redis is asked for a write."""
    keys = [key_of(booking_id) for booking_id in past]
    for start in range(0, len(keys) or 1, _AT_ONCE):
        link.client().unlink(*keys[start : start + _AT_ONCE] or [f"{stamps.key()}:probe"])
    if all_of_them:
        stamps.publish(stamps.era_of_view(), renew=True)


outage = Outage()
# Its lock may have been held in another thread when this process was forked.
os.register_at_fork(after_in_child=outage.reset)
