"""A pytest plugin that runs the tests on real servers and a ledger of their own, in both run modes.

Loaded by `-p tests.services`: the addresses must be in the environment before Django reads its settings. Where the
tests are shared among processes (`-n`), each has servers or a database to itself, and nothing is shared.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
import pytest
import redis
from psycopg import sql

from farehistory.embedded.state import State
from farehistory.embedded.supervisor import Supervisor, supervising

DATABASE_URLS = ("DATABASE_URL", "MIGRATION_DATABASE_URL")
FOLDERS = {
    "FAREHISTORY_ARCHIVE": "archive",
    "FAREHISTORY_TRANSFERS": "transfers",
    "FAREHISTORY_IMPORT_FOLDER": "imports",
}
"""Of the state folder, also on given services, which have none by themselves."""
PARTITIONS = "16"
"""Of the ledger, instead of 64: what a rebuild, a walk or an archive does, it does for each."""
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")
"""The name of this one of the processes that the tests are shared among; empty where they are not, and in the one that
shares them out."""

MEMORY = "/dev/shm"
PLENTY = 6 * 2**30
"""Bytes that must be free for that; a run of the tests takes up less than half."""

SUPERVISOR = pytest.StashKey[Supervisor]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Set the addresses; as a wrapper, it comes before pytest-django's own hook."""
    _write_to_memory()
    if _uses_services() and _runs_tests(early_config):
        _point_at_a_test_database()
    os.environ.setdefault("FAREHISTORY_PARTITIONS", PARTITIONS)
    os.environ["FAREHISTORY_STATE"] = state = tempfile.mkdtemp(prefix="farehistory-tests-")
    os.environ |= {name: f"{state}/{folder}" for name, folder in FOLDERS.items()}
    yield


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a third of the time is spent waiting for servers, workers and browsers."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Run the servers around the tests, and end them also after a failure or Ctrl-C."""
    if session.config.option.collectonly or not session.items or not _runs_tests(session.config):
        return (yield)
    with supervising(State.from_environment()) as supervisor, ExitStack() as stack:
        session.config.stash[SUPERVISOR] = supervisor
        if _uses_services():
            stack.enter_context(_test_database())
            stack.callback(supervisor.stop)  # first of all at the end: nobody is left who uses the database
        else:
            supervisor.start_databases()
        return (yield)


@pytest.fixture(scope="session")
def supervisor(request: pytest.FixtureRequest) -> Supervisor:
    """Who started the servers; starts further services, and ends all of them with the session."""
    return request.config.stash[SUPERVISOR]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep the services' logs of a run that failed."""
    if SUPERVISOR in session.config.stash and session.testsfailed:
        shutil.copytree(
            State.from_environment().logs, _kept_logs(session.config) / PROCESS, dirs_exist_ok=True
        )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say where they are."""
    if terminalreporter.stats.keys() & {"failed", "error"}:
        terminalreporter.write_line(f"The logs of the services are in {_kept_logs(config)}.")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Remove the state folder."""
    if Path(os.environ["FAREHISTORY_STATE"]).exists():
        State.from_environment().remove()


def _write_to_memory() -> None:
    """Put what is temporary into memory where there is plenty: nothing of it is kept, and a disk is waited for."""
    usable = os.access(MEMORY, os.W_OK) and "TMPDIR" not in os.environ
    if usable and min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available) > PLENTY:
        os.environ["TMPDIR"] = MEMORY
        tempfile.tempdir = None  # and is found anew


def _uses_services() -> bool:
    return bool(os.environ.get("DATABASE_URL"))


def _runs_tests(config: pytest.Config) -> bool:
    """All but the process that only shares the tests out."""
    return bool(PROCESS) or not config.known_args_namespace.numprocesses


def _kept_logs(config: pytest.Config) -> Path:
    return Path(config.rootpath, ".pytest_cache", "service-logs")


def _point_at_a_test_database() -> None:
    """Rewrite the URLs, and set a prefix apart, so that no running system's rows or queues are touched."""
    missing = [name for name in (*DATABASE_URLS, "REDIS_URL") if not os.environ.get(name)]
    if missing:
        raise pytest.UsageError(
            f"DATABASE_URL is set, so the tests use your servers; they also need {' and '.join(missing)}."
        )
    os.environ["FAREHISTORY_TEST_SERVER"] = os.environ["MIGRATION_DATABASE_URL"]
    for name in DATABASE_URLS:
        parts = urlsplit(os.environ[name])
        os.environ[name] = urlunsplit(parts._replace(path=f"/test_{parts.path.removeprefix('/')}{PROCESS}"))
    os.environ["FAREHISTORY_REDIS_PREFIX"] = f"test-{secrets.token_hex(4)}:"


@contextmanager
def _test_database() -> Iterator[None]:
    """Make the database as owner, and drop it at the end with what was written to Redis."""
    name = sql.Identifier(urlsplit(os.environ["DATABASE_URL"]).path.removeprefix("/"))
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name)
    with psycopg.connect(os.environ["FAREHISTORY_TEST_SERVER"], autocommit=True) as server:
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield
        finally:
            server.execute(drop)
            _delete_keys(os.environ["FAREHISTORY_REDIS_PREFIX"])


def _delete_keys(prefix: str) -> None:
    names = ("REDIS_URL", "CACHE_URL", "BROKER_URL")
    for url in {os.environ[name] for name in names if os.environ.get(name)}:
        with redis.from_url(url) as client:
            for key in client.scan_iter(match=f"{prefix}*", count=1000):
                client.unlink(key)
