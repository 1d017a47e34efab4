"""The only place that sleeps, so that tests can have all waits left out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

_off = 0


def are_left_out() -> bool:
    return _off > 0


def wait(seconds: float) -> float:
    """Answers how many of the seconds were left out: they count as waited."""
    if _off:
        return seconds
    time.sleep(seconds)
    return 0.0


async def wait_async(seconds: float) -> float:
    """The same for an event loop."""
    if _off:
        await asyncio.sleep(0)
        return seconds
    await asyncio.sleep(seconds)
    return 0.0


@contextmanager
def no_waits() -> Iterator[None]:
    """Within, no client of this process waits before it tries again, and no `FakeServer` for an event to come.

    What is asked for again, and how often, is the same: what was left out counts against the budget of time.
    """
    global _off
    _off += 1
    try:
        yield
    finally:
        _off -= 1
