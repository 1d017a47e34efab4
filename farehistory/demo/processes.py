"""The platform's own processes as services of the supervisor: web, worker and beat."""

from __future__ import annotations

import http.client
import socket
import sys
import uuid
from http import HTTPStatus

from kombu.exceptions import KombuError
from redis import RedisError

from farehistory.celery import app as celery_app
from farehistory.embedded.service import Service
from farehistory.embedded.state import EmbeddedError

HOST = "127.0.0.1"
LAST_PORT = 65535
UNPRIVILEGED_PORT = 8000  # any user may listen there


def web(port: int, *, workers: int = 2, drain: float = 0.0) -> Service:
    """The HTTP server, on a loopback port. `drain`: seconds for which it says that it is about to stop."""
    return Service(
        name="web",
        argv=[
            *(sys.executable, "-m", "farehistory.serving"),
            *("--host", HOST, "--port", str(port)),
            *("--workers", str(workers), "--drain", str(drain)),
        ],
        ready=lambda: _is_live(port),
    )


def worker(*, concurrency: int = 2) -> Service:
    """The Celery worker. On SIGTERM it finishes the tasks at hand."""
    name = f"worker-{uuid.uuid4().hex[:8]}@farehistory"
    return Service(
        name="worker",
        argv=[
            *(sys.executable, "-m", "celery", "--quiet", "-A", "farehistory", "worker"),
            *("--hostname", name),
            *("--concurrency", str(concurrency)),
            *("--loglevel", "INFO"),
            "--without-gossip",
            "--without-mingle",
        ],
        ready=lambda: _answers_ping(name),
        stopped_within=30.0,
    )


def beat() -> Service:
    """Celery's clock, with its schedule in the database."""
    return Service(
        name="beat",
        argv=[
            *(sys.executable, "-m", "celery", "--quiet", "-A", "farehistory", "beat"),
            *("--pidfile", ""),
            *("--loglevel", "INFO"),
        ],
        ready=lambda: True,
    )


def url_of(port: int) -> str:
    """Where the web process of that port is reached."""
    return f"http://{HOST}:{port}"


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(port: int) -> None:
    """Raise EmbeddedError, naming another port, where the web process could not listen on this one."""
    other = port + 1 if port < LAST_PORT else port - 1
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise EmbeddedError(
                f"Port {port} is not open to this user. Choose another one: PORT={UNPRIVILEGED_PORT} make demo"
            ) from error
        except OSError as error:
            raise EmbeddedError(
                f"Port {port} is in use. Choose another one: PORT={other} make demo"
            ) from error


def _is_live(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _answers_ping(worker_name: str) -> bool:
    try:
        # A connection of its own: a pooled one may be to a broker that has been restarted since.
        with celery_app.connection_for_write() as connection:
            return bool(celery_app.control.ping([worker_name], timeout=0.5, connection=connection))
    except (OSError, KombuError, RedisError):
        return False
