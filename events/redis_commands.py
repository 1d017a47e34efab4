"""Asking Redis on the way of a request, where every microsecond counts."""

from __future__ import annotations

from typing import Any

import redis
from hiredis import pack_command


def ask(client: redis.Redis, *command: Any) -> Any:
    """The answer to a command on a client that one thread has to itself (`single_connection_client`), not decoded.

    As its `execute_command`, without its locks, telemetry, callbacks and looks at every argument, which take twice the
    CPU of the command itself. A connection that was closed while it was idle is opened again, once. Raises RedisError.
    """
    connection = client.connection
    assert connection is not None, "the client has no connection of its own"  # noqa: S101 - for the type checker
    packed = [pack_command(command)]
    try:
        connection.send_packed_command(packed, check_health=False)
        return connection.read_response()
    except redis.ConnectionError:
        connection.send_packed_command(packed, check_health=False)
        return connection.read_response()
