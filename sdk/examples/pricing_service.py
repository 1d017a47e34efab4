"""A pricing service: sets the fare of each new ride, and prices some anew when the passenger changes the way.

    FAREHISTORY_URL=http://127.0.0.1:8000 FAREHISTORY_KEY=fh_… python pricing_service.py

RIDES_PER_MINUTE (20) says how many there are.
"""

from __future__ import annotations

import os
import random
import sys
import time
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import uuid4

from farehistory_client import Change, Client, Codecs, Fare, FareHistoryError, Retries

PLACES = ("Changi Airport T3", "Orchard Road", "Marina Bay", "Tampines Mall", "Jurong East", "Bishan")
FLAG_FALL = Decimal("4.00")
PER_KM = Decimal("0.90")

PATIENT = Retries(attempts=1000, within=300.0)
"""Nobody waits for this service: it sits out a restart of the platform."""


@dataclass(frozen=True, slots=True)
class Trip:
    """What the fare was computed from; kept with the event, so that support staff can see it years later."""

    customer_ref: str
    pickup: str
    dropoff: str
    distance_km: Decimal


CODECS = Codecs()
CODECS.register(Trip, component="base_fare", event_type="SET")


def price_of(distance_km: Decimal) -> Decimal:
    return (FLAG_FALL + PER_KM * distance_km).quantize(Decimal("0.01"))


def request_ride(fares: Client) -> tuple[str, Trip]:
    """A passenger asks for a ride: the booking's first event."""
    booking = f"RIDE-{uuid4().hex[:10].upper()}"
    pickup, dropoff = random.sample(PLACES, 2)
    distance = Decimal(random.randint(18, 320)) / 10
    trip = Trip(f"CUST-{random.randint(1, 500):04}", pickup, dropoff, distance)
    change = Change.set(
        "base_fare", price_of(distance), currency="SGD", description=f"{pickup} to {dropoff}", metadata=trip
    )
    event = fares.append(booking, change, expected_version=0).event
    print(f"{booking}: {event.currency} {event.fare}, {event.description}", flush=True)
    return booking, trip


def extend_ride(fares: Client, booking: str, trip: Trip) -> Trip:
    """The passenger goes further. Tolls and promos may be in by now, or come in while we compute: only our own
    component moves, by the difference to what it says at the version that we decide on."""
    further = Decimal(random.randint(10, 60)) / 10
    longer = replace(trip, distance_km=trip.distance_km + further)

    def reprice(fare: Fare | None) -> Change | None:
        if fare is None:
            return None
        more = price_of(longer.distance_km) - fare.components.get("base_fare", Decimal(0))
        if more <= 0:
            return None
        return Change.add("base_fare", more, description=f"{further} km further")

    for appended in fares.update(booking, reprice, whole=True):
        print(f"{booking}: now {appended.event.fare}, {appended.event.description}", flush=True)
    return longer


def main() -> None:
    pause = 60 / float(os.environ.get("RIDES_PER_MINUTE", "20"))
    rides: list[tuple[str, Trip]] = []
    url, key = os.environ["FAREHISTORY_URL"], os.environ["FAREHISTORY_KEY"]
    with Client(url, key, codecs=CODECS, retries=PATIENT) as fares:
        while True:
            rides.append(request_ride(fares))
            if len(rides) > 5:
                booking, trip = rides.pop(0)
                if random.random() < 0.3:
                    extend_ride(fares, booking, trip)
            time.sleep(random.uniform(0.5, 1.5) * pause)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except FareHistoryError as error:
        sys.exit(f"The pricing service ends: {error}")
