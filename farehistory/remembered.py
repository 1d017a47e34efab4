"""Answers that are given again for a moment, so that whoever asks often costs no more than whoever asks once."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """A function whose answer is given again for so many seconds.

    One caller at a time asks anew. Meanwhile the others get the last answer, so that a dependency that hangs holds
    one thread and not all; only before the first answer they wait.
    """

    def __init__(self, ask: Callable[[], T], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._asking = Lock()
        self._last: tuple[T, float] | None = None

    def __call__(self) -> T:
        last = self._last
        if last is not None and (monotonic() < last[1] or not self._asking.acquire(blocking=False)):
            return last[0]
        if last is None:
            self._asking.acquire()
        try:
            if self._last is last:  # otherwise somebody has asked while this one waited
                answer = self._ask()
                self._last = answer, monotonic() + self._seconds
            return self._last[0]  # type: ignore[index]
        finally:
            self._asking.release()

    def forget(self) -> None:
        """The next caller asks anew."""
        self._last = None
