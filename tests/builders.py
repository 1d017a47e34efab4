"""Words for tests: a booking's history is written in its first lines.

booking = given(set_("14.00"), add("toll", "5.00"))
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
from django.db import connection, connections
from iso4217 import Currency

from events import ledger
from events.event import FareEvent
from events.new_event import ANY, NewEvent


def new_booking_id() -> str:
    return f"BK-{uuid4().hex}"


def set_(
    amount: str, *, component: str = "base_fare", currency: str | None = "SGD", **fields: Any
) -> dict[str, Any]:
    return {"type": "SET", "component": component, "amount": amount, "currency": currency, **fields}


def add(component: str, amount: str, **fields: Any) -> dict[str, Any]:
    return {"type": "ADD", "component": component, "amount": amount, **fields}


def sub(component: str, amount: str, **fields: Any) -> dict[str, Any]:
    return {"type": "SUB", "component": component, "amount": amount, **fields}


def unused_currency(*, exponent: int = 2) -> str:
    """A currency that no other test has used: what the day changed in it is what this one does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT currency FROM ledger.fare_event")
        used = {currency for (currency,) in cursor.fetchall()}
    return next(each.code for each in Currency if each.exponent == exponent and each.code not in used)


def event(booking_id: str, change: dict[str, Any]) -> NewEvent:
    """The change of a booking at whatever version it has, with an id of its own unless it names one."""
    defaults = {"transaction_id": uuid4(), "expected_version": ANY}
    return NewEvent(**{"booking_id": booking_id, **defaults, **change})


def append(booking_id: str, change: dict[str, Any], *, source: str = "pricing") -> FareEvent:
    return ledger.append(event(booking_id, change), source=source).event


def given(*changes: dict[str, Any], booking_id: str | None = None) -> str:
    """A booking with this history; answers its id."""
    booking_id = booking_id or new_booking_id()
    for change in changes:
        append(booking_id, change)
    return booking_id


def then_fare(booking_id: str, amount: str, *, version: int) -> None:
    from events.history import head_of

    head = head_of(booking_id)
    assert head is not None
    assert (head.fare, head.version) == (Decimal(amount), version)


@contextmanager
def connected(role: str) -> Iterator[psycopg.Connection[Any]]:
    """A plain connection as a role of its own: "default" is the application, "owner" the owner."""
    address = connections[role].get_connection_params()
    keys = ("host", "port", "dbname", "user", "password")
    with psycopg.connect(**{k: address[k] for k in keys if address.get(k)}, autocommit=True) as connection:
        yield connection
