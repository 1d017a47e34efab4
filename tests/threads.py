"""Real threads with real connections, started together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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


@contextmanager
def meanwhile(work: Sequence[Callable[[threading.Event], object]], *, patience: float = 90) -> Iterator[None]:
    """Each goes on in a thread of its own while the block runs; then the event tells them to end, within `patience`."""
    stop = threading.Event()

    def run(one: Callable[[threading.Event], object]) -> None:
        try:
            one(stop)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[one]) for one in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=patience)
    assert not any(thread.is_alive() for thread in threads)
