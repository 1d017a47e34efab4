"""What the tests of the embedded services share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis

from farehistory.embedded import postgres
from farehistory.embedded.orphans import processes_of
from farehistory.embedded.service import Service
from farehistory.embedded.state import CHECKOUT, State
from farehistory.embedded.supervisor import Supervisor, supervising


@contextmanager
def databases(state: State) -> Iterator[Supervisor]:
    """Run PostgreSQL and Valkey in a state folder."""
    with supervising(state) as supervisor:
        supervisor.start_databases()
        yield supervisor


def query(state: State, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
    with postgres.connect(state, database) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def valkey_of(state: State) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(state.valkey_socket), decode_responses=True)


def python_service(name: str, code: str, **options: object) -> Service:
    """A service that runs a few lines of Python, ready at once."""
    settings = {"ready": lambda: True, **options}
    return Service(name=name, argv=[sys.executable, "-u", "-c", code], **settings)  # type: ignore[arg-type]


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Return once it holds; fail after that many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.02)


def pids_of(state: State) -> set[int]:
    return {process.pid for process in processes_of(state)}


def start_holder(
    state: State, *front: str, environment: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Another process that runs the databases of that folder, as `make demo` would; ready on return."""
    holder = launch_holder(state, *front, environment=environment)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "ready\n"
    return holder


def launch_holder(
    state: State, *front: str, environment: dict[str, str] | None = None, stdout: int = subprocess.PIPE
) -> subprocess.Popen[str]:
    """The same, on return not ready yet."""
    return subprocess.Popen(
        [*front, sys.executable, "-m", "tests.embedded.holder", str(state.path)],
        cwd=CHECKOUT,
        env=os.environ | (environment or {}),
        stdout=stdout,
        text=True,
        start_new_session=True,
    )


def kill_9(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
