"""The connection to Redis that the streams use, and the names of their keys."""

from __future__ import annotations

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


def key_of(partition: int) -> str:
    """The key of a partition's stream."""
    return f"{settings.REDIS_PREFIX}stream:{partition}"


@cache
def client() -> redis.Redis:
    """Gives up soon and does not try again by itself: the checkpoint is held meanwhile, and the sweep comes back."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=1,
        socket_timeout=2,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
