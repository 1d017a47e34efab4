"""Who waits for the feed in this process: only so many at once, and woken when a partition of theirs grows.

A waiting reader holds its thread, and nothing else. So that the others stay for everybody else, at most a quarter of
the process's threads may wait.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic

from django.conf import settings

from events.following.listener import Listener
from events.per_process import PerProcess


class WaitRefused(Exception):
    """As many wait as may, or the process is about to stop."""


class Waiter:
    """One reader that waits."""

    def __init__(self, partitions: Collection[int]) -> None:
        self.partitions = frozenset(partitions)
        self._woken = threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def wait(self, seconds: float) -> None:
        """Until it is woken, or was since it waited last, at most so many seconds."""
        self._woken.wait(seconds)
        self._woken.clear()


class Waiting:
    """All that wait in one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: set[Waiter] = set()
        self._left_at = monotonic()
        self._listener: Listener | None = None
        self.stopping = False

    @contextmanager
    def waiter(self, partitions: Collection[int]) -> Iterator[Waiter]:
        """One more, who is woken from here on: what was appended before is for the caller to look for.

        Raises WaitRefused.
        """
        waiter = Waiter(partitions)
        with self._lock:
            if self.stopping or len(self._waiters) >= settings.FAREHISTORY_WEB_THREADS // 4:
                raise WaitRefused
            self._waiters.add(waiter)
            if self._listener is None:
                self._listener = Listener(self)
                self._listener.start()
        try:
            yield waiter
        finally:
            with self._lock:
                self._waiters.discard(waiter)
                self._left_at = monotonic()

    def wake(self, partitions: Iterable[int] | None) -> None:
        """Wakes those who wait for any of these partitions; for None, all."""
        grown = None if partitions is None else set(partitions)
        with self._lock:
            for waiter in self._waiters:
                if grown is None or not waiter.partitions.isdisjoint(grown):
                    waiter.wake()

    def stop(self) -> None:
        """Ends every wait of this process, now and from now on: it is about to stop."""
        self.stopping = True
        self.wake(None)

    def anybody(self) -> bool:
        return bool(self._waiters)

    def dismissed(self, after: float) -> bool:
        """Asked by the listener: whether it may end, since nobody has waited for so many seconds."""
        with self._lock:
            if self._waiters or monotonic() - self._left_at < after:
                return False
            self._listener = None
            return True


waiting = PerProcess(Waiting)
"""This process's."""


def end_all() -> None:
    """Has every wait of this process answer at once, and refuses new ones. Never waits itself."""
    waiting().stop()
