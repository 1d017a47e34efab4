"""An append over HTTP, beside a bare Django view that calls the same SQL function.

One client, in this process, one call after the other: whole requests through the WSGI application, without a server
around it, and their CPU (PostgreSQL's and Redis's not counted). Every call begins a booking of its own. The bare view
reads the body with Python's parser, checks nothing, binds the values and answers the row as the driver gives it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from uuid import uuid4

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from benchmarks import harness
from benchmarks.harness import Bench
from benchmarks.http_calls import bare, in_turns, ratio, requests
from benchmarks.report import Figure
from benchmarks.workload import fill
from events import api_keys, ledger, sql
from events.database import binding_cursor
from events.event import COLUMNS
from events.new_event import NewEvent
from events.partitions import partition_of


def measure(bench: Bench) -> Iterator[Figure]:
    fill(harness.application(), bench.options.events)
    timed = in_turns(bench, _cases())
    yield ratio("CPU of an append / bare Django view", timed, "API", "bare view", at_most=1.5)
    yield ratio("the same, beside one with our middleware", timed, "API", "bare view, our middleware")
    yield ratio("CPU of an append / events.ledger without HTTP", timed, "API", "ledger")


def _cases() -> dict[str, Callable[[], object]]:
    key = api_keys.create("pricing", ("fares:append",))[1]
    bookings = (f"http-{number}" for number in count())

    def url() -> str:
        return f"/api/v1/fares/{next(bookings)}/events"

    def append() -> object:
        event = NewEvent.from_json(_event() | {"expected_version": 0}, booking_id=next(bookings))
        return ledger.append(event, source="pricing")

    return {
        "API": requests(WSGIHandler(), "POST", url, key, body=body),
        "bare view": requests(bare(__name__), "POST", url, key, body=body),
        "bare view, our middleware": requests(
            bare(__name__, settings.MIDDLEWARE), "POST", url, key, body=body
        ),
        "ledger": append,
    }


def _event() -> dict[str, object]:
    return {
        "transaction_id": str(uuid4()),
        "expected_version": 0,
        "type": "SET",
        "component": "base_fare",
        "amount": "14.00",
        "currency": "SGD",
        "description": "Changi to Tampines",
        "metadata": {"distance_km": "8.4", "customer_id": "C-1"},
    }


def body() -> bytes:
    return json.dumps(_event()).encode()


def bare_view(request: HttpRequest, booking_id: str) -> HttpResponse:
    event = json.loads(request.body)
    call = [partition_of(booking_id), "pricing", "api", None, None]
    values = [
        booking_id,
        event["transaction_id"],
        event["expected_version"],
        event["type"],
        event["component"],
        event["amount"],
        event["currency"],
        2,
        False,
        None,
        None,
        event["description"],
        json.dumps(event["metadata"], separators=(",", ":")),
        None,
        None,
    ]
    with binding_cursor() as cursor:
        cursor.execute(sql.statement("append"), [*call, *([value] for value in values)])
        _, outcome, *row = cursor.fetchall()[0]
    if outcome != "appended":
        raise RuntimeError(outcome)
    answer = dict(zip(COLUMNS, row, strict=True))
    return JsonResponse({**answer, "hash": answer["hash"].hex()}, status=201)


bare_view.csrf_exempt = True  # type: ignore[attr-defined]

urlpatterns = [path("api/v1/fares/<str:booking_id>/events", bare_view)]


def main(arguments: list[str] | None = None) -> None:
    harness.run(measure, harness.parser(__doc__, seconds=2, rounds=5, events=20_000).parse_args(arguments))


if __name__ == "__main__":
    main()
