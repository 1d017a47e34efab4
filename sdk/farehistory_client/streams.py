"""Reads the platform's Redis Streams as a consumer group. Needs the extra: `pip install farehistory-client[streams]`.

    reader = StreamReader(redis.Redis.from_url("redis://..."), "loyalty", "loyalty-1")
    reader.run(handle)

`AsyncStreamReader` is the same for event loops, with `redis.asyncio.Redis`.

There is one stream for each partition of the ledger. In a partition, hence in a booking, events are handed over in
order, one at a time, also where several consumers of the group share the partition: what one was given and has not
acknowledged, the others wait for, and take over once nothing has been heard of it for a while.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from inspect import isawaitable
from typing import Any

try:
    import redis.asyncio
except ImportError as _missing:
    raise ImportError(
        "farehistory_client.streams needs redis-py: pip install farehistory-client[streams]"
    ) from _missing

from farehistory_client._fares import FareEvent
from farehistory_client._stream_reading import LedgerRestored, Steps, StreamReading
from farehistory_client._waits import wait, wait_async

__all__ = ["AsyncStreamReader", "LedgerRestored", "StreamReader"]


class StreamReader(StreamReading[redis.Redis]):
    """One consumer of a group. Not to be shared among threads; each has one of its own."""

    _other_kind = redis.asyncio.Redis
    _sleep = staticmethod(time.sleep)
    _pause = staticmethod(wait)

    def run(
        self, handle: Callable[[FareEvent], object], *, until: Callable[[], bool] = lambda: False
    ) -> None:
        """Hands over every event, and acknowledges it once `handle` has returned; goes on while Redis is away.

        `until` is asked between batches, once a second at least. What `handle` raises ends it, and the same event comes
        first next time. Raises Skipped where an event is missing, every time until it is passed over; LedgerRestored.
        """
        _done(self._running(handle, until))

    def pass_over(self, partition: int, position: int) -> None:
        """Everything of the partition up to this position counts as handled: how to go on after a Skipped, once what
        was missed is read from the ledger."""
        _done(self._passing_over(partition, position))


class AsyncStreamReader(StreamReading[redis.asyncio.Redis]):
    """`StreamReader` for an event loop of asyncio. Not to be shared among tasks; each has one of its own."""

    _other_kind = redis.Redis
    _sleep = staticmethod(asyncio.sleep)
    _pause = staticmethod(wait_async)

    async def run(
        self, handle: Callable[[FareEvent], object], *, until: Callable[[], bool] = lambda: False
    ) -> None:
        """See `StreamReader.run`; `handle` may be a coroutine. Cancelled, it ends as where `handle` raises."""
        await _done_async(self._running(handle, until))

    async def pass_over(self, partition: int, position: int) -> None:
        """See `StreamReader.pass_over`."""
        await _done_async(self._passing_over(partition, position))


def _done(steps: Steps[None]) -> None:
    try:
        step = next(steps)
        while True:
            if isawaitable(step):  # nobody would await it: the event would count as handled
                steps.throw(TypeError(f"{step!r} is for an AsyncStreamReader"))
            step = steps.send(step)
    except StopIteration:
        return


async def _done_async(steps: Steps[None]) -> None:
    cancelled = _cancellations()
    try:
        step: Any = next(steps)
        while True:
            try:
                result = await step if isawaitable(step) else step
                if (
                    _cancellations() > cancelled
                ):  # redis-py may lose it, by asyncio.wait_for before Python 3.12
                    raise asyncio.CancelledError
            except BaseException as error:
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration:
        return


def _cancellations() -> int:
    """How often this task was cancelled and has not said that it goes on."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()
