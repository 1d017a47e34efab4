"""Real threads with real connections, started together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

Answer = TypeVar("Answer")


def together(work: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Runs all at once, each in a thread with connections of its own; answers in order, raises what they raise."""
    barrier = threading.Barrier(len(work))

    def run(one: Callable[[], Answer]) -> Answer:
        try:
            barrier.wait(timeout=30)
            return one()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))
