"""Pages of the back office on a small ledger and on a large one: the fare page, each kind of search, the lists.

Both ledgers are of the same make and lie in two databases of one server, so that their rounds take turns. A page is
asked for as a browser does, through the whole application, by one signed-in person, each time about another booking.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import urlencode

from django.contrib.auth.models import Group, User
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from psycopg import sql

from benchmarks import big_ledger, harness, tables
from benchmarks.big_ledger import PER_BOOKING
from benchmarks.harness import Bench
from benchmarks.report import Figure
from events.partitions import partition_of
from farehistory.embedded import postgres
from farehistory.embedded.state import DATABASE
from projections.admin.dashboard.card import forget

SMALL_EVENTS: Final = 10_000
SMALL: Final = "small"
MOST: Final = 2.0
"""What a page of the large ledger may cost at most, as a multiple."""

Address = Callable[[int], str]
"""A page about one of so many bookings, chosen at random."""


def search(**parameters: str) -> str:
    return f"{reverse('admin:projections_currentfare_changelist')}?{urlencode(parameters)}"


def _some(bookings: int) -> int:
    return random.randint(1, bookings)


def _day(bookings: int) -> str:
    return big_ledger.began(_some(bookings)).date().isoformat()


def _on_a_day(bookings: int) -> dict[str, str]:
    day = _day(bookings)
    return {"since": day, "until": day}


def _fare_page(bookings: int) -> str:
    return reverse("admin:projections_currentfare_change", args=[big_ledger.booking_id(_some(bookings))])


def _part(bookings: int) -> str:
    return search(q=big_ledger.booking_id(_some(bookings))[12:20])


def _later_page(bookings: int) -> str:
    """A page from somewhere in the middle of the list of a component."""
    number = _some(bookings)
    booking_id = big_ledger.booking_id(number)
    at = big_ledger.began(number) + timedelta(milliseconds=20)
    return search(component="toll", after=f"{at.isoformat()},{partition_of(booking_id)},{booking_id},2")


CASES: Final[dict[str, Address]] = {
    "fare page": _fare_page,
    "search by booking id": lambda n: search(q=big_ledger.booking_id(_some(n))),
    "search by transaction id": lambda n: search(q=big_ledger.transaction_id(_some(n), 3)),
    "search by order reference": lambda n: search(q=f"ORD-{_some(n)}"),
    "search by customer reference, 20 bookings": lambda n: search(q=f"CUST-{_some(n) // 20 + 1}"),
    "search by customer reference, a twentieth of all bookings": lambda n: search(q="CUST-0"),
    "search by the beginning of an id": lambda n: search(q=big_ledger.booking_id(_some(n))[:4]),
    "search by a part of an id": _part,
    "search by a part of far too many ids": lambda n: search(q=f"{_some(16) - 1:x}00"),
    "search that finds nothing": lambda n: search(q=f"NONE-{random.random()}"),
    "search by amount": lambda n: search(q=f"SGD {8 + random.random() * 30:.2f}"),
    "search by amount and day": lambda n: search(q=f"{8 + random.random() * 30:.2f} {_day(n)}"),
    "list of a range of amounts": lambda n: search(
        currency="SGD", lowest="12", highest=f"{14 + random.random():.2f}"
    ),
    "list of a component": lambda n: search(component="waiting_fee"),
    "list of a source": lambda n: search(source="pricing"),
    "list of a component, a source and a day": lambda n: search(
        component="tip", source="pricing", **_on_a_day(n)
    ),
    "list of a day": lambda n: search(**_on_a_day(n)),
    "list of corrections": lambda n: search(state="corrected"),
    "list that few events of many meet": lambda n: search(component="promo", highest="8.10", currency="SGD"),
    "list of fares behind": lambda n: search(state="behind"),
    "list from the middle": _later_page,
    "fares changed last": lambda n: search(),
    "start page": lambda n: reverse("admin:index"),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one page took, in seconds: all of it, and its statements alone."""

    page: float
    statements: float


def measure(bench: Bench) -> Iterator[Figure]:
    bookings = {SMALL: SMALL_EVENTS // PER_BOOKING, DATABASE: bench.options.events // PER_BOOKING}
    client = _signed_in()
    _make(bench, bookings)
    for name, address in CASES.items():
        rounds: dict[str, list[list[Cost]]] = {SMALL: [], DATABASE: []}
        for _ in range(bench.options.rounds):
            for database, costs in rounds.items():
                with opened(database):
                    costs.append(_costs(client, address, bookings[database], bench.options.seconds))
        yield from _figures(bench, name, rounds[SMALL], rounds[DATABASE])


def _signed_in() -> Client:
    """Somebody who may see fares. Both databases are made of the one that knows of it."""
    person = User.objects.create_user("viewer-of-pages", is_staff=True)
    person.groups.add(Group.objects.get(name="viewer"))
    client = Client(headers={"host": "localhost"})
    client.force_login(person)
    return client


def _make(bench: Bench, bookings: dict[str, int]) -> None:
    """The small ledger, and the large one that begins with the same bookings."""
    with bench.superuser() as superuser:
        big_ledger.fill(superuser, 1, bookings[SMALL])
    connections.close_all()
    with postgres.connect(bench.supervisor.state) as server:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        server.execute(copy.format(sql.Identifier(SMALL), sql.Identifier(DATABASE)))
    with bench.superuser() as superuser:
        began = time.perf_counter()
        big_ledger.fill(superuser, bookings[SMALL] + 1, bookings[DATABASE], told=bench.report.note)
        rows = tables.rows_in(superuser, "ledger.fare_event")
        tables.settle(superuser)
        bench.report.note(
            f"{rows:,} events beside {SMALL_EVENTS:,}, made in {time.perf_counter() - began:,.0f} s"
        )
    with postgres.connect(bench.supervisor.state, SMALL) as superuser:
        tables.settle(superuser)


@contextmanager
def opened(database: str) -> Iterator[None]:
    """The application works on this one meanwhile."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def _costs(client: Client, address: Address, bookings: int, seconds: float) -> list[Cost]:
    """Of as many pages as there is time for, after one that opens the connection. Raises RuntimeError for an error.

    The clock stands where the ledger ends, so that there is a today with events.
    """
    now = big_ledger.began(bookings) + timedelta(minutes=1)
    _cost(client, address(bookings), now)
    costs = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        costs.append(_cost(client, address(bookings), now))
    return costs


def _cost(client: Client, address: str, now: datetime) -> Cost:
    """Of one page, as of a time; its cards are computed, not remembered."""
    statements = Stopwatch()
    forget()
    began = time.perf_counter()
    with connection.execute_wrapper(statements), patch.object(timezone, "now", lambda: now):
        answer = client.get(address)
    if answer.status_code not in (200, 302):
        raise RuntimeError(f"{answer.status_code} for {address}")
    return Cost(time.perf_counter() - began, statements.seconds)


@dataclass(slots=True)
class Stopwatch:
    """The time in the database."""

    seconds: float = 0.0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            self.seconds += time.perf_counter() - began


def _figures(bench: Bench, name: str, small: list[list[Cost]], large: list[list[Cost]]) -> Iterator[Figure]:
    for size, costs in ((f"{SMALL_EVENTS:,}", small), (f"{bench.options.events:,}", large)):
        every = sorted(cost.page for round_ in costs for cost in round_)
        said = median(cost.statements for round_ in costs for cost in round_)
        p99 = quantiles(every, n=100)[98] if len(every) > 1 else every[0]
        bench.report.note(
            f"{name}, {size} events: p50 {_ms(median(every))}, p99 {_ms(p99)}, of that statements {_ms(said)};"
            f" {len(every)} pages"
        )
    pairs = list(zip(small, large, strict=True))
    yield Figure.of(
        f"{name}: large / small",
        [median(c.page for c in b) / median(c.page for c in a) for a, b in pairs],
        at_most=MOST,
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def main(arguments: list[str] | None = None) -> None:
    options = harness.parser(__doc__, rounds=3, events=1_000_000)
    harness.run(measure, options.parse_args(arguments))


if __name__ == "__main__":
    main()
