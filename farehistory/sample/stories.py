"""What happens to the sample's fares: a story is a function that yields a booking's events, first to last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from farehistory.sample.cities import City
from farehistory.sample.steps import Step, pricing, promo, put_right, toll, waiting_fee

STAFF = ("mei.tan", "somchai.p", "linh.nguyen", "fatima.k", "dan.ruiz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """What the stories are made of: a city, the trip's own dice, and who takes it."""

    city: City
    random: Random
    customer_ref: str
    order_ref: str

    def price(self, units: tuple[int, int]) -> Decimal:
        return self.city.price(self.random, units)

    def base_fare(self, **more: Any) -> Step:
        """The pricing service's first word, with what it knew about the trip."""
        pickup, dropoff = self.random.sample(self.city.places, 2)
        return self._fare_between(pickup, dropoff, f"{pickup} – {dropoff}", **more)

    def changed_destination(self, first: Step) -> Step:
        """The fare anew, from the same pickup to another place."""
        pickup = first.metadata["pickup"]
        others = [place for place in self.city.places if place not in (pickup, first.metadata["dropoff"])]
        dropoff = self.random.choice(others)
        return self._fare_between(
            pickup, dropoff, f"Destination changed to {dropoff}", reason="destination_change"
        )

    def _fare_between(self, pickup: str, dropoff: str, description: str, **more: Any) -> Step:
        return pricing(
            "SET",
            "base_fare",
            self.price(self.city.fares),
            description,
            city=self.city.name,
            pickup=pickup,
            dropoff=dropoff,
            distance_km=Decimal(self.random.randint(18, 320)) / 10,
            duration_min=self.random.randint(6, 55),
            customer_ref=self.customer_ref,
            order_ref=self.order_ref,
            **more,
        )

    def toll(self) -> Step:
        return toll(self.price(self.city.toll), self.random.choice(self.city.plazas)).later(
            minutes=self.random.randint(5, 20)
        )

    def waiting_fee(self) -> Step:
        minutes = self.random.randint(4, 15)
        return waiting_fee(self.price(self.city.waiting), minutes, self.city.waiting_text).later(
            minutes=minutes
        )

    def promo(self) -> Step:
        city = self.city
        return promo(city.unit * city.promo, city.promo_code, city.promo_text).later(seconds=40)


Story = Callable[[Trip], Iterator[Step]]


def plain_ride(trip: Trip) -> Iterator[Step]:
    yield trip.base_fare()


def ride_with_toll(trip: Trip) -> Iterator[Step]:
    yield trip.base_fare()
    yield trip.toll()


def ride_with_promo(trip: Trip) -> Iterator[Step]:
    yield trip.base_fare()
    yield trip.promo()


def late_rider(trip: Trip) -> Iterator[Step]:
    yield trip.base_fare()
    yield trip.waiting_fee()


def everything_at_once(trip: Trip) -> Iterator[Step]:
    yield trip.base_fare()
    yield trip.waiting_fee()
    yield trip.toll()
    yield trip.promo()


def rush_hour(trip: Trip) -> Iterator[Step]:
    first = trip.base_fare()
    yield first
    multiplier = Decimal(trip.random.randint(12, 20)) / 10
    extra = (first.amount * (multiplier - 1)) // trip.city.unit * trip.city.unit
    yield pricing("ADD", "surge", extra, f"Busy hour, × {multiplier}", multiplier=multiplier).later(seconds=2)


def tipped(trip: Trip) -> Iterator[Step]:
    yield trip.base_fare()
    yield pricing("ADD", "tip", trip.city.unit * trip.city.tip, "Tip by the rider").later(hours=1)


def destination_change(trip: Trip) -> Iterator[Step]:
    """A SET replaces the fare as a whole, so the promo is taken off once more from the new one."""
    first = trip.base_fare()
    yield first
    yield trip.promo()
    yield trip.changed_destination(first).later(minutes=12)
    yield trip.promo()


def double_charged_toll(trip: Trip) -> Iterator[Step]:
    """One passage, reported twice: left for the support desk to find."""
    yield trip.base_fare()
    charged = trip.toll()
    yield charged
    yield charged.later(seconds=41)


def double_charged_toll_put_right(trip: Trip) -> Iterator[Step]:
    """The same, found and put right by an event of its own: what was charged stays in the history."""
    steps = list(double_charged_toll(trip))
    yield from steps
    yield put_right(
        "SUB",
        "toll",
        steps[-1].amount,
        trip.random.choice(STAFF),
        "Toll was charged twice for one passage",
        ticket=f"CASE-{trip.random.randint(10_000, 99_999)}",
    ).later(hours=trip.random.randint(2, 30))


def cancelled_late(trip: Trip) -> Iterator[Step]:
    """The ride is taken off the fare; what stays is the fee for cancelling when the driver was near."""
    first = trip.base_fare()
    yield first
    yield pricing("SUB", "base_fare", first.amount, "Cancelled by the rider", reason="cancelled").later(
        minutes=4
    )
    yield pricing(
        "ADD", "cancellation_fee", trip.price(trip.city.waiting), "Driver was 2 minutes away"
    ).later(seconds=1)


def cancelled_free(trip: Trip) -> Iterator[Step]:
    yield trip.base_fare()
    yield pricing("SET", "cancellation_fee", Decimal(0), "Cancelled by the driver").later(minutes=3)


def free_ride(trip: Trip) -> Iterator[Step]:
    yield pricing("SET", "base_fare", Decimal(0), "Staff shuttle", customer_ref=trip.customer_ref)


def refunded_above_the_fare(trip: Trip) -> Iterator[Step]:
    """The fare ends below zero: more is given back than was due."""
    first = trip.base_fare()
    yield first
    yield put_right(
        "SUB",
        "goodwill",
        first.amount + trip.city.unit * 50,
        trip.random.choice(STAFF),
        "Unsafe driving: ride refunded, and a goodwill amount on top",
        allow_negative=True,
        ticket=f"CASE-{trip.random.randint(10_000, 99_999)}",
    ).later(hours=20)


def cleaning_fee_taken_back(trip: Trip) -> Iterator[Step]:
    yield trip.base_fare()
    fee = trip.city.unit * 150
    yield put_right("ADD", "cleaning_fee", fee, STAFF[0], "Driver reports a stained seat").later(hours=3)
    yield put_right("SUB", "cleaning_fee", fee, STAFF[1], "Photos show the stain was there before").later(
        hours=26
    )


def hired_for_the_day(trip: Trip) -> Iterator[Step]:
    """Forty events on one booking."""
    yield trip.base_fare(vehicle="minibus")
    for stop in range(1, 20):
        yield trip.toll()
        yield waiting_fee(trip.price(trip.city.waiting), 10, f"Stop {stop}").later(minutes=10)
    yield trip.promo()
