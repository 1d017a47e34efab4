"""A queue of a test's own that no worker reads: what was sent to it can be counted and looked at."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty
from typing import Any
from uuid import uuid4

from celery import current_app


@dataclass
class OwnQueue:
    name: str = field(default_factory=lambda: f"own-{uuid4().hex}")
    _seen: list[dict[str, Any]] = field(default_factory=list)

    def messages(self) -> list[dict[str, Any]]:
        """Headers of all messages so far, in the order in which they were sent. Does not wait for any."""
        with (
            current_app.connection_for_read() as connection,
            connection.SimpleQueue(self.name) as queue,
            suppress(Empty),
        ):
            while True:
                message = queue.get_nowait()
                self._seen.append(message.headers)
                message.ack()
        return self._seen

    def arrivals(self, seconds: float) -> list[float]:
        """Takes what is sent within so many seconds from now; answers when each came, from now."""
        begin, times = time.monotonic(), []
        with current_app.connection_for_read() as connection, connection.SimpleQueue(self.name) as queue:
            while (left := begin + seconds - time.monotonic()) > 0:
                try:
                    message = queue.get(timeout=left)
                except Empty:
                    break
                times.append(time.monotonic() - begin)
                self._seen.append(message.headers)
                message.ack()
        return times
