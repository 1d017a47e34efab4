"""The demo, from nothing to a running platform, in the order in which the parts need each other."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from farehistory import running
from farehistory.demo import processes
from farehistory.demo.accounts import ensure_accounts
from farehistory.demo.keys import ensure_api_keys
from farehistory.demo.record import Record
from farehistory.demo.terminal import Terminal
from farehistory.embedded.state import State
from farehistory.embedded.supervisor import Supervisor, raising_stopped, supervising
from farehistory.sample.corrections import correct
from farehistory.sample.fill import fill


def run(state: State, port: int, terminal: Terminal) -> None:
    """Start everything, tell where it is, and keep it up until the end is asked for; leaves no process.

    Raises Stopped at the end. Raises EmbeddedError if the state folder or the port is in use, or a service
    cannot be started; SampleRefused if the ledger does not take the sample.
    """
    record = Record.read(state.demo_json, processes.url_of(port), terminal.say)
    with (
        raising_stopped() as end_was_asked_for,
        supervising(state, terminal.say, record.url) as supervisor,
    ):
        processes.require_free(port)
        running.empty(settings.FAREHISTORY_RUN)
        _prepare(supervisor, record, terminal)
        with terminal.step("Web, worker and beat"):
            supervisor.start(processes.web(port), processes.worker(), processes.beat())
        record.write(state.demo_json)
        terminal.tell_where(record, state.demo_json, state.logs)
        supervisor.watch(end_was_asked_for)


def _prepare(supervisor: Supervisor, record: Record, terminal: Terminal) -> None:
    if not os.environ.get("DATABASE_URL"):
        with terminal.step("PostgreSQL and Valkey"):
            supervisor.start_databases()
    with terminal.step("Tables"):
        call_command("migrate", verbosity=0)
    with terminal.step("Accounts and API keys"):
        record.passwords = ensure_accounts(record.passwords)
        record.api_keys = ensure_api_keys(record.api_keys)
        record.write(supervisor.state.demo_json)  # now, so that an interrupted run hands out nothing twice
    with terminal.step("Sample bookings") as progress:
        fill(progress)
        correct()
    connections.close_all()
