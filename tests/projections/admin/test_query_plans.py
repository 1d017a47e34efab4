"""Every search and page of fares reads a bounded number of rows by an index, on a ledger where a planner takes one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import md5
from urllib.parse import urlencode
from uuid import UUID

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from django.test import Client
from psycopg import sql

from events import feed, ledger
from events.partitions import partition_of
from farehistory.embedded.state import CHECKOUT, OWNER
from projections import event_search, runner
from projections.admin.fares import fare_url
from projections.projectors import PROJECTORS
from tests.builders import add, event, set_
from tests.projections.admin.plans import GROWING, plans_of_statements
from tests.projections.admin.test_fare_search import SEARCH
from tests.staff import signed_in

STATEMENT = (CHECKOUT / "benchmarks" / "sql" / "bookings_of_events.sql").read_text(encoding="utf-8")
BOOKINGS = 16_000
EVENTS = 5 * BOOKINGS
NAME = "big_ledger"
NUMBER = 11_111
LONG = "BK-LONG"
LONG_EVENTS = 3_000

EXAMINED = 500
MOST_ROWS = 8_000
"""Of one page, from the tables that grow: what does not stay below it grows with them."""


def booking_id(number: int) -> str:
    return f"BK-{_md5(str(number))}"


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


BOOKING = booking_id(NUMBER)
TRANSACTION = str(UUID(_md5(f"{BOOKING}3")))
DAY = "2026-01-01"


def search(**parameters: str) -> str:
    return f"{SEARCH}?{urlencode(parameters)}"


def _middle() -> str:
    """The place of an event in the middle of the list."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=3 * NUMBER, milliseconds=20)
    return f"{at.isoformat()},{partition_of(BOOKING)},{BOOKING},2"


PAGES: dict[str, Callable[[], str]] = {
    "changed last": lambda: SEARCH,
    "booking id": lambda: search(q=BOOKING),
    "booking id in other letters": lambda: search(q=BOOKING.lower()),
    "transaction id": lambda: search(q=TRANSACTION),
    "order reference": lambda: search(q=f"ORD-{NUMBER}"),
    "customer reference": lambda: search(q=f"CUST-{NUMBER // 20 + 1}"),
    "customer of many bookings": lambda: search(q="CUST-0"),
    "a later page of a customer": lambda: search(q="CUST-0", after=BOOKING),
    "a customer's fares with a filter": lambda: search(q="CUST-0", component="tip"),
    "a customer's fares with a filter that none meets": lambda: search(q="CUST-0", source="nobody"),
    "references that begin so": lambda: search(q="ORD-11"),
    "ids that begin so": lambda: search(q=BOOKING[:5]),
    "ids that begin so, all": lambda: search(q="BK-"),
    "ids that begin so, a later page": lambda: search(q="BK-", after=BOOKING),
    "part of an id": lambda: search(q=BOOKING[12:20]),
    "part of several ids": lambda: search(q=BOOKING[12:15], part="1"),
    "nothing": lambda: search(q="NOTHING-7"),
    "amount": lambda: search(q="SGD 23.40"),
    "amount in any currency": lambda: search(q="23.40"),
    "amount and day": lambda: search(q=f"SGD 23.40 {DAY}"),
    "amount that none had": lambda: search(q="SGD 99999.99"),
    "range of amounts": lambda: search(currency="SGD", lowest="12", highest="14"),
    "range without end": lambda: search(currency="SGD", lowest="0"),
    "component": lambda: search(component="toll"),
    "component that there is none of": lambda: search(component="nothing"),
    "source": lambda: search(source="pricing"),
    "component and source": lambda: search(component="tip", source="pricing"),
    "component from the middle": lambda: search(component="toll", after=_middle()),
    "component and amount that never met": lambda: search(component="promo", currency="SGD", lowest="99999"),
    "day": lambda: search(since=DAY, until=DAY),
    "days and component": lambda: search(since=DAY, until=DAY, component="toll"),
    "day without events": lambda: search(since="2027-01-01", until="2027-01-01"),
    "currency": lambda: search(currency="JPY"),
    "currency that there is none of": lambda: search(currency="XXX"),
    "corrections": lambda: search(state="corrected"),
    "corrections of a component": lambda: search(state="corrected", component="tip"),
    "behind": lambda: search(state="behind"),
    "set aside": lambda: search(state="set_aside"),
    "drift": lambda: search(state="drift"),
    "palette": lambda: f"/admin/search/?{urlencode({'s': TRANSACTION, 'extended': '1'})}",
    "palette, a customer": lambda: f"/admin/search/?{urlencode({'s': 'CUST-0', 'extended': '1'})}",
    "fare page": lambda: fare_url(BOOKING),
    "fare page of a version": lambda: f"{fare_url(BOOKING)}?version=2",
    "fare page as known then": lambda: f"{fare_url(BOOKING)}?recorded_before=2026-01-01T10:00:00Z",
    "fare page of an unknown booking": lambda: fare_url("NOTHING-7"),
    "fare page of many events": lambda: fare_url(LONG),
    "fare page of many events, earlier": lambda: f"{fare_url(LONG)}?before=1000",
    "event page": lambda: f"{fare_url(BOOKING).removesuffix('change/')}events/2/",
    "diff": lambda: f"{fare_url(BOOKING).removesuffix('change/')}diff/?from=1&to=4",
}
SERVED = {200, 302, 404}


@pytest.fixture(scope="module")
def viewer(superuser: str) -> Iterator[Client]:
    """Somebody who works on a big ledger, in a database of its own."""
    usual = {alias: connections[alias].settings_dict["NAME"] for alias in ("default", "owner")}
    with psycopg.connect(superuser, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        server.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(NAME), sql.Identifier(OWNER))
        )
        try:
            _open(dict.fromkeys(usual, NAME))
            call_command("migrate", verbosity=0)
            _fill(superuser)
            yield signed_in("viewer")
        finally:
            _open(usual)
            server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def _open(names: dict[str, str]) -> None:
    connections.close_all()
    for alias, name in names.items():
        connections[alias].settings_dict["NAME"] = name


def _fill(superuser: str) -> None:
    changes = [set_("14.00"), *(add("toll", "1.00") for _ in range(LONG_EVENTS - 1))]
    for start in range(0, LONG_EVENTS, 1000):
        ledger.append_many(
            [event(LONG, change) for change in changes[start : start + 1000]], source="pricing"
        )
    with psycopg.connect(superuser, dbname=NAME, autocommit=True) as connection:
        connection.execute(STATEMENT, {"first": 1, "last": BOOKINGS})
        for table in ("ledger.fare_event", *(f"projection.{name}" for name in GROWING - {"fare_event"})):
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        connection.execute("ANALYZE")
        for view in PROJECTORS:
            if view.tables:
                runner.drain(view, feed.heads(), page_events=10_000)


@pytest.fixture(scope="module", params=["with statistics", "without statistics"])
def planner(request: pytest.FixtureRequest, viewer: Client, superuser: str) -> str:
    """What PostgreSQL knows of the tables: nothing after an upgrade or a load, until somebody says ANALYZE."""
    with psycopg.connect(superuser, dbname=NAME, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        if request.param == "without statistics":
            connection.execute("DELETE FROM pg_statistic")
            connection.execute(
                "UPDATE pg_class SET reltuples = -1, relpages = 0, relallvisible = 0"
                " WHERE relnamespace::regnamespace::text IN ('ledger', 'projection')"
            )
    return str(request.param)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_served_by_indexes_from_a_bounded_number_of_rows(
    viewer: Client, planner: str, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_search, "EXAMINED", EXAMINED)
    address = PAGES[page]()
    with plans_of_statements() as plans:
        answer = viewer.get(address)
    assert answer.status_code in SERVED
    assert [read for read in plans.reads if read.kind == "Seq Scan"] == []
    assert sum(read.rows for read in plans.reads) <= MOST_ROWS, sorted(
        plans.reads, key=lambda read: -read.rows
    )[:3]


def test_the_plans_are_seen(viewer: Client) -> None:
    """The test's own eyes: a search reads what it lists, and a sequential scan is seen where there is one."""
    from django.db import connection

    with plans_of_statements() as plans, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM projection.event_search WHERE version >= 1")
        cursor.execute("SELECT version FROM projection.event_search WHERE exponent + version < 0")
    assert {read.rows for read in plans.reads} == {EVENTS + LONG_EVENTS}
    assert "Seq Scan" in {read.kind for read in plans.reads}
