"""Connections to the broker that survive its loss, and look for it every second.

kombu's own wait longer and longer, up to half a minute, and work would lie for that long after the broker is back.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, Self

from celery.app.amqp import AMQP
from kombu import Connection
from kombu.transport.virtual import Channel

LOOK_EVERY_SECONDS = 1
TELL_EVERY = 30
"""Of so many looks in vain one is logged, the first first."""


class SteadyConnection(Connection):
    def ensure_connection(
        self, errback: Callable[[Exception, float], None] | None = None, *args: Any, **kwargs: Any
    ) -> Self:
        looks = count()

        def tell(error: Exception, interval: float) -> None:
            if errback is not None and next(looks) % TELL_EVERY == 0:
                errback(error, interval)

        pace = {
            "interval_start": LOOK_EVERY_SECONDS,
            "interval_step": 0,
            "interval_max": LOOK_EVERY_SECONDS,
        }
        return super().ensure_connection(tell, *args, **(pace | kwargs))

    def collect(self, socket_timeout: float | None = None) -> None:
        """Lets go of a lost connection, once its channel is closed.

        kombu closes it once, which fails if an answer was being waited for, then forgets the server's address, and
        fails again at the messages that are not acknowledged: with that, Celery ends the worker.
        """
        channel: Channel | None = getattr(self, "_default_channel", None)
        if channel is not None:
            self.maybe_close_channel(channel)
        super().collect(socket_timeout)


class Amqp(AMQP):
    """Celery's messaging on such connections."""

    Connection = SteadyConnection
