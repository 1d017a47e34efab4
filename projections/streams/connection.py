"""The connection to Redis that the streams use, and the names of their keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Final

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


def key_of(partition: int) -> str:
    """The key of a partition's stream."""
    return f"{settings.REDIS_PREFIX}stream:{partition}"


ANSWER_WITHIN: Final = 2.0
ANSWER_A_PERSON_WITHIN: Final = 0.5
"""Seconds."""

_answer_within: ContextVar[float] = ContextVar("answer_within", default=ANSWER_WITHIN)


def client() -> redis.Redis:
    """Gives up soon and does not try again by itself: the checkpoint is held meanwhile, and the sweep comes back."""
    return _client_of(_answer_within.get())


@contextmanager
def for_a_look() -> Iterator[None]:
    """Within, Redis is given less time to answer: somebody waits who can do without it."""
    token = _answer_within.set(ANSWER_A_PERSON_WITHIN)
    try:
        yield
    finally:
        _answer_within.reset(token)


@cache
def _client_of(answer_within: float) -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=min(1.0, answer_within),
        socket_timeout=answer_within,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
