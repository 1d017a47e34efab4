"""What a process has once: made when first asked for, and never taken over by a fork.

Threads do not survive a fork, and a lock may be held by one of them at that moment.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class PerProcess(Generic[Thing]):
    """Called, it answers this process's own."""

    def __init__(self, make: Callable[[], Thing]) -> None:
        self._make = make
        self._making = threading.Lock()
        self._made: Thing | None = None
        os.register_at_fork(after_in_child=self._forget)

    def __call__(self) -> Thing:
        if self._made is None:
            with self._making:
                if self._made is None:
                    self._made = self._make()
        return self._made

    def _forget(self) -> None:
        self._making = threading.Lock()
        self._made = None
