"""The peer: a view of the same shape moved by the projection runner of the library `eventsourcing`, as it comes.

Its application keeps the same bookings as aggregates in tables of its own; an event carries the fare and the
breakdown after it, so that the projection reads nothing.
"""

from __future__ import annotations

import json
import time
from typing import Any, cast
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Identifier

from benchmarks.workload import Change, booking, new_booking_id
from farehistory.embedded.state import DATABASE, SUPERUSER, State

SCHEMA = "bench_eventsourcing"
WITHIN = 60.0  # seconds that the runner may take


class Fare(Aggregate):
    @event("Opened")
    def __init__(self, booking_id: str, fare: int, components: dict[str, int]) -> None:
        self.booking_id, self.fare, self.components = booking_id, fare, components

    @event("Changed")
    def change(self, booking_id: str, fare: int, components: dict[str, int]) -> None:
        self.booking_id, self.fare, self.components = booking_id, fare, components


class Fares(Application[UUID]):
    pass


class FareView(PostgresTrackingRecorder):
    def __init__(self, datastore: PostgresDatastore, **options: Any) -> None:
        super().__init__(datastore, **options)
        table = Identifier(self.datastore.schema, "fare_view")
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS {} (booking_id text PRIMARY KEY, version integer NOT NULL,"
                " fare_minor bigint NOT NULL, components jsonb NOT NULL, recorded_at timestamptz NOT NULL)"
            ).format(table)
        )
        self.put = SQL(
            "INSERT INTO {} VALUES (%s, %s, %s, %s, %s) ON CONFLICT (booking_id) DO UPDATE SET"
            " version = excluded.version, fare_minor = excluded.fare_minor, components = excluded.components,"
            " recorded_at = excluded.recorded_at"
        ).format(table)

    def take(self, happened: Any, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                self.put,
                [
                    happened.booking_id,
                    happened.originator_version,
                    happened.fare,
                    json.dumps(happened.components),
                    happened.timestamp,
                ],
                prepare=True,
            )


class FareProjection(Projection[FareView]):
    name = "fare_projection"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.take(domain_event, tracking)


class Peer:
    """The library on the run's own server. `fill` once, then `rate` as often as one likes."""

    def __init__(self, state: State) -> None:
        at = state.addresses()
        self.environment = {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": DATABASE,
            "POSTGRES_HOST": str(at.socket_dir),
            "POSTGRES_PORT": str(at.port),
            "POSTGRES_USER": SUPERUSER,
            "POSTGRES_PASSWORD": state.password(SUPERUSER),
            "POSTGRES_SCHEMA": SCHEMA,
        }

    def fill(self, events: int) -> None:
        """Bookings of five events, saved one booking at a time."""
        application = Fares(self.environment)
        while events > 0:
            history = list(booking(new_booking_id()))
            application.save(_aggregate(history))
            events -= len(history)
        application.close()

    def rate(self, superuser: Any) -> float:
        """Events per second, of all that there are, into an empty view."""
        superuser.execute(f"DROP TABLE IF EXISTS {SCHEMA}.fare_view, {SCHEMA}.fare_projection_tracking")
        began = time.perf_counter()
        with ProjectionRunner(
            application_class=Fares,
            projection_class=FareProjection,
            view_class=FareView,
            env=self.environment,
        ) as runner:
            last = cast(int, runner.app.recorder.max_notification_id())
            runner.wait(last, timeout=WITHIN)
            return last / (time.perf_counter() - began)


def _aggregate(history: list[Change]) -> Fare:
    states = [
        (change.booking_id, change.fare, dict(zip(change.components, change.component_amounts, strict=True)))
        for change in history
    ]
    fare = Fare(*states[0])
    for state in states[1:]:
        fare.change(*state)
    return fare
