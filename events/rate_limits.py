"""How many requests a key may make, and how many wrong keys an address may send: counted in Redis, for all processes.

The same round trip tells the stamp of a key, which `events.key_check` needs. Redis decides nothing that must not be
decided without it: while it is away nothing is limited, and it is left alone for a moment after each failure.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from secrets import token_hex
from time import monotonic
from typing import Any, Final, TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from events.models import ApiKey
from events.per_process import PerProcess
from events.redis_commands import ask

ANSWER_WITHIN: Final = 0.15
"""Seconds that Redis may take to connect or to answer, once in each `REST_SECONDS`; the request goes on without it."""

REST_SECONDS: Final = 1.0

KEPT_SECONDS: Final = 3600
"""How long Redis keeps what it knows of a key that is not used; never shorter than the window."""

A_MINUTE: Final = 60

_TAKE: Final = (Path(__file__).parent / "lua" / "take.lua").read_text(encoding="utf-8")
_SHA: Final = hashlib.sha1(_TAKE.encode(), usedforsecurity=False).hexdigest()

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Standing:
    """What a quota says to one request."""

    name: str
    """ "default", or "key" for a quota of the key's own; empty where there is none."""
    quota: int
    window: int
    """Seconds in which an empty quota is whole again."""
    allowed: bool
    left: int
    whole_in: float
    """Seconds until the quota is whole again."""
    wait: float
    """Seconds until a request is allowed; 0 where this one is."""
    stamp: bytes


def take(key: ApiKey) -> Standing | None:
    """Takes one request from the key's quota; None while Redis is away."""
    own: int | None = key.rate_limit
    quota = settings.FAREHISTORY_RATE_LIMIT if own is None else own
    name = "" if not quota else "default" if own is None else "key"
    window: int = settings.FAREHISTORY_RATE_WINDOW
    # Without a quota only the stamp is asked for: nothing is too much for it.
    asked = (quota or 1, window, 1 if quota else 0, _new_stamp(), max(window, KEPT_SECONDS))
    return _ask(partial(_standing, name, key_name(key.key_id), asked))


def stamp_of(key_id: str) -> bytes | None:
    """The key's stamp; None where it has none yet, and while Redis is away."""
    return _ask(lambda: ask(_client(), "HGET", key_name(key_id), "stamp"))


def wrong_keys_of(address: str, *, one_more: bool = False) -> Standing | None:
    """What an address has left of the wrong keys that it may send; None if there is no limit, or Redis is away."""
    quota: int = settings.FAREHISTORY_WRONG_KEYS_PER_MINUTE
    if not quota:
        return None
    asked = (quota, A_MINUTE, int(one_more), "", A_MINUTE)
    return _ask(partial(_standing, "wrong-keys", f"{settings.REDIS_PREFIX}wrong-keys:{address}", asked))


def renew_stamp(key_id: str) -> None:
    """After a key was changed: whoever holds it as it was looks it up again, at the next request.

    Where Redis cannot be told, they do so when they have held it for `key_check.HELD_SECONDS`.
    """
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 1)
        ) as client:
            client.hdel(key_name(key_id), "stamp")
    except redis.RedisError as error:
        logger.warning("Redis could not be told that the key %s has changed: %s", key_id, _words(error))


_process_token = PerProcess(lambda: token_hex(8))
_stamps = count()


def _new_stamp() -> str:
    """One that was never given before, by any process."""
    return f"{_process_token()}-{next(_stamps)}"


def key_name(key_id: str) -> str:
    """What Redis keeps a key's quota and stamp under."""
    return f"{settings.REDIS_PREFIX}api-key:{key_id}"


def _standing(name: str, where: str, asked: tuple[Any, ...]) -> Standing:
    try:
        answer = ask(_client(), "EVALSHA", _SHA, 1, where, *asked)
    except redis.exceptions.NoScriptError:
        answer = ask(_client(), "EVAL", _TAKE, 1, where, *asked)
    stamp, taken, left, whole_in, wait = answer
    quota, window, *_ = asked
    return Standing(name, quota, window, bool(taken), left, whole_in / 1e6, wait / 1e6, stamp)


class _Outage:
    """Of one process: after a failure Redis is left alone, then tried by one request, then perhaps by all."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As in a process that has just begun."""
        self._lock = threading.Lock()
        self._on = False
        self._until = 0.0

    def lasts(self) -> bool:
        """Whether to leave Redis alone now. Who gets False during an outage tries for all others."""
        if not self._on:
            return False
        with self._lock:
            if self._on and monotonic() < self._until:
                return True
            self._until = monotonic() + REST_SECONDS
        return False

    def begin(self, error: redis.RedisError) -> None:
        with self._lock:
            if not self._on:
                logger.warning("Redis fails; rates are not limited meanwhile: %s", _words(error))
            self._on, self._until = True, monotonic() + REST_SECONDS

    def end(self) -> None:
        if not self._on:
            return
        with self._lock:
            if self._on:
                self._on = False
                logger.warning("Redis is back; rates are limited again")


outage = _Outage()


def _ask(question: Callable[[], T]) -> T | None:
    if outage.lasts():
        return None
    try:
        answer = question()
    except redis.RedisError as error:
        _local.client = None
        outage.begin(error)
        return None
    outage.end()
    return answer


def _words(error: redis.RedisError) -> str:
    return str(error) or type(error).__name__


class _Local(threading.local):
    client: redis.Redis | None = None


_local = _Local()


def _client() -> redis.Redis:
    """This thread's connection."""
    if _local.client is None:
        _local.client = redis.Redis.from_url(
            settings.REDIS_URL,
            single_connection_client=True,
            socket_connect_timeout=ANSWER_WITHIN,
            socket_timeout=ANSWER_WITHIN,
            retry=Retry(NoBackoff(), 0),
        )
    return _local.client


def _begin_anew() -> None:
    """A connection, and a lock that another thread has, are of no use to a forked process."""
    global _local
    _local = _Local()
    outage.reset()


os.register_at_fork(after_in_child=_begin_anew)
