"""What every script shares: servers of its own, its options, the machine's conditions.

A script runs on an embedded PostgreSQL and Valkey made for it and thrown away after it, so that a figure depends
neither on a ledger that happens to be there nor on what ran before.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection, connections

from benchmarks.report import Figure, Report, conditions
from farehistory.embedded import postgres
from farehistory.embedded.state import DATABASE, State
from farehistory.embedded.supervisor import Supervisor, raising_stopped, supervising


@dataclass(frozen=True, slots=True)
class Bench:
    """A migrated, empty ledger on servers of its own, and what was asked for on the command line."""

    supervisor: Supervisor
    options: argparse.Namespace
    report: Report

    def superuser(self) -> psycopg.Connection[Any]:
        """A superuser's connection in autocommit: for what no application may do, outside what is measured."""
        return postgres.connect(self.supervisor.state, DATABASE)


def parser(
    about: str | None, *, seconds: float = 1, rounds: int = 7, events: int = 50_000
) -> argparse.ArgumentParser:
    """The options that the scripts have in common; the defaults make a run of at most two minutes."""
    options = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = options.add_argument
    add("--seconds", type=float, default=seconds, help="of each measurement (%(default)s)")
    add("--rounds", type=int, default=rounds, help="measurements of each case, taken in turns (%(default)s)")
    add("--events", type=int, default=events, help="events in the ledger beforehand (%(default)s)")
    add("--json", metavar="FILE", help="write the figures there too")
    return options


def run(measure: Callable[[Bench], Iterable[Figure]], options: argparse.Namespace) -> None:
    """Runs one script: prints each figure as it is known, and writes them all at the end."""
    report = Report()
    with own_services() as supervisor:
        bench = Bench(supervisor, options, report)
        with bench.superuser() as superuser:
            report.begin(conditions(superuser, supervisor.state))
        for figure in measure(bench):
            report.tell(figure)
    if options.json:
        report.write(options.json)


@contextmanager
def own_services() -> Iterator[Supervisor]:
    """PostgreSQL and Valkey in this run's state folder, migrated."""
    with raising_stopped(), supervising(State.from_environment()) as supervisor:
        supervisor.start_databases()
        call_command("migrate", verbosity=0)
        connections.close_all()
        yield supervisor


def application() -> psycopg.Connection[Any]:
    """This process's connection as Django makes it for the application: autocommit, nothing prepared."""
    connection.ensure_connection()
    return connection.connection
