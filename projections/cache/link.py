"""This thread's connection to the cache's Redis: short time limits, and it knows which run of the server it is to.

A server that was started anew may have lost its last second (its log reaches the disk once a second), and a
replica that took over what had not reached it. Either is another run, and what another run held is not trusted.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

ANSWER_WITHIN: Final = 0.15
"""Seconds that Redis may take to connect or to answer a reader; the view takes over then."""

ANSWER_A_WORKER_WITHIN: Final = 2.0
"""Seconds that a worker gives it, for whom nobody waits."""

_SCRIPTS: Final = Path(__file__).parent.parent / "lua"


class _Local(threading.local):
    def __init__(self) -> None:
        self.clients: dict[float, redis.Redis] = {}
        self.answer_within = ANSWER_WITHIN
        self.run = ""
        self.is_new = False


_local = _Local()


def client() -> redis.Redis:
    """The client of this thread: one connection, and one for pipelines. Raises RedisError if there is no server."""
    within = _local.answer_within
    if within not in _local.clients:
        _local.clients[within] = redis.Redis.from_url(
            settings.CACHE_URL,
            single_connection_client=True,
            socket_connect_timeout=within,
            socket_timeout=within,
            # A connection that was closed while it was idle is opened again; a server that hangs is not asked twice.
            retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)),
            redis_connect_func=_connected,
        )
    return _local.clients[within]


@contextmanager
def as_a_worker() -> Iterator[None]:
    """Within, Redis is given a worker's time to answer."""
    _local.answer_within = ANSWER_A_WORKER_WITHIN
    try:
        yield
    finally:
        _local.answer_within = ANSWER_WITHIN


def run() -> str:
    """The run of the server that this thread last connected to: 8 hexadecimal digits. Raises RedisError."""
    client()
    return _local.run


def is_new() -> bool:
    """Whether this thread has connected since this was last asked."""
    was_new, _local.is_new = _local.is_new, False
    return was_new


def drop() -> None:
    """Closes this thread's connections; the next one is made when it is needed."""
    clients, _local.clients = _local.clients, {}
    for client in clients.values():
        client.close()


def _connected(connection: Any) -> None:
    connection.on_connect()
    connection.send_command("INFO", "server")
    answer: bytes = connection.read_response()
    lines = dict(line.split(b":", 1) for line in answer.splitlines() if b":" in line)
    _local.run = lines[b"run_id"].decode()[:8]
    _local.is_new = True


class Script:
    """A Lua script of `lua/`. It touches one key, so that it can run on a Redis Cluster."""

    def __init__(self, name: str) -> None:
        self.text = (_SCRIPTS / f"{name}.lua").read_text(encoding="utf-8")
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, key: str, *arguments: Any) -> Any:
        """Runs it; its text is sent only where the server does not know it (yet, or after a flush).

        Raises RedisError, also where the server was started anew since this thread last looked.
        """
        run_before = run()
        try:
            answer = client().evalsha(self.sha, 1, key, *arguments)
        except redis.exceptions.NoScriptError:
            answer = client().eval(self.text, 1, key, *arguments)
        if _local.run != run_before:
            raise redis.ConnectionError("Redis was started anew")
        return answer

    def on_each(self, calls: Mapping[str, tuple[Any, ...]]) -> None:
        """Runs it on many keys, key → arguments, in one round trip. Raises RedisError, as above."""
        if not calls:
            return
        run_before = run()
        client().script_load(self.text)
        with client().pipeline(transaction=False) as pipeline:
            for key, arguments in calls.items():
                pipeline.evalsha(self.sha, 1, key, *arguments)
            pipeline.execute()
        if _local.run != run_before:
            raise redis.ConnectionError("Redis was started anew")


@cache
def script(name: str) -> Script:
    return Script(name)


def _forget_in_child() -> None:
    """A connection cannot be shared with a forked process."""
    global _local
    _local = _Local()


os.register_at_fork(after_in_child=_forget_in_child)
