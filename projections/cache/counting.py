"""How eventual reads were answered: counted in each process, and added up in Redis about once a second."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from threading import Lock
from time import monotonic
from typing import Any

import redis
from django.conf import settings

from projections.cache import link
from projections.cache.outage import outage

FLUSH_SECONDS = 1.0


class Outcome(StrEnum):
    """What became of a read."""

    HIT = "hits"
    """Redis had the fare."""
    WAIT = "waits"
    """Another reader was reading it; this one waited for that, and did not read the view."""
    MISS = "misses"
    """The view was read."""
    ERROR = "errors"
    """Redis failed or was away: the view was read past the cache."""


_lock = Lock()
_counts: Counter[str] = Counter()
_flushed_at = monotonic()


def count(outcome: Outcome) -> None:
    """One read more."""
    global _flushed_at
    with _lock:
        _counts[outcome] += 1
        now = monotonic()
        if now - _flushed_at < FLUSH_SECONDS:
            return
        _flushed_at = now
    flush()


def flush() -> None:
    """Adds what this process has counted; kept for later while Redis is away."""
    if outage.lasts():
        return
    with _lock:
        taken = Counter(_counts)
        _counts.clear()
    try:
        with link.client().pipeline(transaction=False) as pipeline:
            for outcome, reads in taken.items():
                pipeline.hincrby(_key(), outcome, reads)
            pipeline.execute()
    except redis.RedisError as error:
        with _lock:
            _counts.update(taken)
        if not isinstance(error, redis.ResponseError):  # a server without room still answers reads
            outage.begin(error)


def counters() -> dict[str, int]:
    """Reads of all processes since Redis was last emptied: hits, waits, misses, errors.

    Those of the last second of other processes may be missing. Raises RedisError if Redis is away.
    """
    flush()
    counts: dict[Any, Any] = link.client().hgetall(_key())
    return {outcome.value: int(counts.get(outcome.encode(), 0)) for outcome in Outcome}


def hit_rate() -> float | None:
    """The share of reads for which the view was not read; None before the first read. Raises RedisError."""
    counts = counters()
    reads = sum(counts.values())
    return (counts[Outcome.HIT] + counts[Outcome.WAIT]) / reads if reads else None


def _key() -> str:
    return f"{settings.REDIS_PREFIX}fare-counts"
