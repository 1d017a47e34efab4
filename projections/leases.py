"""Leases in Redis: hints of who is at work, so that others need not be.

Nothing is right because of a lease. Without Redis everybody holds every lease.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import cache

import redis
from django.conf import settings
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from projections.standing_faults import StandingFaults

_ABOUT = "asking Redis who is at work"
_faults = StandingFaults(logging.getLogger(__name__))


def take(name: str, holder: str, seconds: float) -> bool:
    """Whether the lease was free and now is `holder`'s for so long, or was its already and is renewed."""
    key, life = _key(name), _milliseconds(seconds)
    try:
        other = _redis().set(key, holder, nx=True, get=True, px=life)
        if other == holder:
            _redis().pexpire(key, life)
    except redis.RedisError as error:
        return _as_if_alone(error)
    _faults.over(_ABOUT)
    return other in (None, holder)


def hand_over(name: str, holder: str, to: str, seconds: float) -> bool:
    """Passes `holder`'s lease on; False if somebody else has it by now."""
    key = _key(name)
    try:
        if _redis().get(key) not in (None, holder):
            return False
        _redis().set(key, to, px=_milliseconds(seconds))
    except redis.RedisError as error:
        return _as_if_alone(error)
    return True


def let_go(name: str, holder: str) -> None:
    """Ends `holder`'s lease before its time."""
    try:
        if _redis().get(_key(name)) == holder:
            _redis().delete(_key(name))
    except redis.RedisError as error:
        _as_if_alone(error)


def is_held(name: str) -> bool | None:
    """Whether anybody holds the lease; None where Redis does not say."""
    try:
        return bool(_redis().exists(_key(name)))
    except redis.RedisError as error:
        _faults.note(_ABOUT, error)
        return None


def note_alive(what: str) -> None:
    """Writes down that this was at work just now."""
    try:
        _redis().set(f"{settings.REDIS_PREFIX}alive:{what}", timezone.now().isoformat())
    except redis.RedisError as error:
        _faults.note(_ABOUT, error)


def last_alive(what: str) -> datetime | None:
    """When this was last at work; None: never, or Redis has forgotten. Raises redis.RedisError."""
    found = _redis().get(f"{settings.REDIS_PREFIX}alive:{what}")
    return datetime.fromisoformat(str(found)) if found else None


def _as_if_alone(error: redis.RedisError) -> bool:
    _faults.note(_ABOUT, error)
    return True


def _key(name: str) -> str:
    return f"{settings.REDIS_PREFIX}lease:{name}"


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


@cache
def _redis() -> redis.Redis:
    """Gives up at once: whoever asks has work to do."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=0.5,
        socket_timeout=0.5,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
