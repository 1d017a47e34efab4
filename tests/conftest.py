"""Fixtures of what must be started or cleaned up: the database, the processes, the browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright
from psycopg.pq import TransactionStatus
from pytest_django import DjangoDbBlocker

from events import rate_limits
from farehistory.demo import processes
from farehistory.embedded.state import SUPERUSER, State
from farehistory.embedded.supervisor import Supervisor
from projections.cache.outage import outage

settings.register_profile(
    "any machine", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")  # a slow one is none of the faults that are looked for

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-default-apps",
    "--no-default-browser-check",
    "--disable-domain-reliability",
    "--disable-breakpad",
    "--metrics-recording-only",
    "--no-pings",
    "--disable-features=OptimizationHints,MediaRouter,Translate,"
    "CertificateTransparencyComponentUpdater,AutofillServerCommunication",
]

READERS_OF_ALL = (
    "tests/journeys/test_workers_go_on.py",  # a flushed stream is filled anew, from all that it keeps
    *(f"tests/projections/{folder}/" for folder in ("drift_monitor", "rebuild", "management", "streams")),
    "tests/projections/test_",
    "tests/projections/",
    "tests/sdk/test_streams.py",
    "tests/docs/test_sdk.py",
    "tests/sample/",  # has the ids of the documentation's examples, which requests made from these write to
    "",
)
"""The beginnings of the tests' ids, those first that need a ledger to which little was written."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of whole views and streams come first, while the session's ledger is small: they read all of it."""

    def place(item: pytest.Item) -> int:
        return next(n for n, path in enumerate(READERS_OF_ALL) if item.nodeid.startswith(path))

    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Migrate, and allow the database for the whole session: tests commit, on fresh booking ids."""
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        yield
        connections.close_all()


@pytest.fixture(autouse=True)
def no_outage_of_before() -> None:
    """A process leaves Redis alone for a moment after it failed: in the test before, perhaps."""
    outage.reset()
    rate_limits.outage.reset()


@pytest.fixture(autouse=True)
def no_broken_connection_is_left() -> Iterator[None]:
    """A test that its time limit ends within a query or a transaction takes its connection along, not later tests."""
    yield
    for each in connections.all(initialized_only=True):
        raw = each.connection
        if raw and (each.in_atomic_block or raw.info.transaction_status == TransactionStatus.ACTIVE):
            raw.close()
            del connections[each.alias]


@pytest.fixture(scope="session")
def web(supervisor: Supervisor) -> str:
    """The HTTP server as it runs in production, in processes of its own; its address."""
    port = processes.free_port()
    supervisor.start(processes.web(port))
    return processes.url_of(port)


@pytest.fixture(scope="module")
def worker(supervisor: Supervisor) -> Iterator[Supervisor]:
    """Celery's worker and beat, in processes of their own, under the supervisor's names for them.

    Ended with the module: other tests move the projections themselves, and nobody may do so beside them.
    """
    with ExitStack() as stack:
        for service in (processes.worker(), processes.beat()):
            stack.callback(supervisor.stop, service.name)  # also if it does not become ready
            supervisor.start(service)
        yield supervisor


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser; where there is none, the tests that need it are skipped."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the synchronous API runs an event loop in our thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def superuser() -> str:
    """The address of a superuser's connection to the test database: the embedded server's own."""
    if "DATABASE_URL" in os.environ:
        pytest.skip("needs a superuser's connection, which the run on given services does not have")
    state = State.from_environment()
    at = state.addresses()
    return (
        f"host={at.socket_dir} port={at.port} dbname={at.database}"
        f" user={SUPERUSER} password={state.password(SUPERUSER)}"
    )
