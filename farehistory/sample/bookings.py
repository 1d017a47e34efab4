"""Which bookings the sample has. The same ones every time: the dice are seeded with the booking's id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random

from farehistory.sample import stories
from farehistory.sample.cities import CITIES, SINGAPORE, City
from farehistory.sample.steps import Step, pricing, promo, toll, waiting_fee
from farehistory.sample.stories import Story, Trip

FIRST_BOOKING = "BK-1001"
TOLD_ONCE: tuple[tuple[Story, str], ...] = (
    (stories.destination_change, "SGD"),
    (stories.double_charged_toll, "SGD"),
    (stories.double_charged_toll_put_right, "SGD"),
    (stories.rush_hour, "USD"),
    (stories.everything_at_once, "JPY"),
    (stories.everything_at_once, "KWD"),
    (stories.everything_at_once, "THB"),
    (stories.everything_at_once, "VND"),
    (stories.cancelled_late, "SGD"),
    (stories.cancelled_free, "THB"),
    (stories.free_ride, "SGD"),
    (stories.refunded_above_the_fare, "SGD"),
    (stories.cleaning_fee_taken_back, "USD"),
    (stories.hired_for_the_day, "THB"),
)
"""BK-1002 and on: one of each, for the docs and for looking around."""

TOLD_OFTEN: dict[Story, int] = {
    stories.plain_ride: 30,
    stories.ride_with_toll: 22,
    stories.ride_with_promo: 18,
    stories.late_rider: 14,
    stories.everything_at_once: 10,
    stories.rush_hour: 10,
    stories.tipped: 8,
    stories.destination_change: 6,
    stories.cancelled_late: 5,
    stories.cancelled_free: 3,
    stories.double_charged_toll: 3,
    stories.double_charged_toll_put_right: 3,
    stories.refunded_above_the_fare: 1,
    stories.cleaning_fee_taken_back: 2,
}
"""How often each is told, of 135."""

OFTEN = 320
DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A booking's events, first to last. `age` is how long before the sample was made it began."""

    booking_id: str
    currency: str
    age: timedelta
    steps: tuple[Step, ...]


def bookings() -> Iterator[Booking]:
    """All bookings of the sample, the one that the docs are written around first."""
    yield _first()
    currencies = {city.currency: city for city in CITIES}
    for number, (story, currency) in enumerate(TOLD_ONCE, start=1002):
        yield _told(f"BK-{number}", story, currencies[currency])
    often = _dice("often").choices(list(TOLD_OFTEN), list(TOLD_OFTEN.values()), k=OFTEN)
    for number, story in enumerate(often, start=101):
        booking_id = f"BK-2026-{number:06}"
        yield _told(booking_id, story, _dice(f"city of {booking_id}").choices(CITIES, (6, 3, 2, 2, 1, 3))[0])


def _first() -> Booking:
    """14.00 + 5.00 + 6.40 - 2.00 = 23.40."""
    trip = {
        "city": "Singapore",
        "pickup": "Changi Airport T3",
        "dropoff": "Bishan",
        "distance_km": Decimal("17.8"),
    }
    refs = {"customer_ref": "CUST-00042", "order_ref": "ORD-2026-1001"}
    return Booking(
        booking_id=FIRST_BOOKING,
        currency="SGD",
        age=timedelta(days=2, hours=3),
        steps=(
            pricing("SET", "base_fare", Decimal("14.00"), "Changi Airport T3 – Bishan", **trip, **refs),
            toll(Decimal("5.00"), "CTE Braddell").later(minutes=14),
            waiting_fee(Decimal("6.40"), 8, "Stop on the way, asked for by the rider").later(minutes=9),
            promo(Decimal("2.00"), SINGAPORE.promo_code, SINGAPORE.promo_text).later(seconds=40),
        ),
    )


def _told(booking_id: str, story: Story, city: City) -> Booking:
    random = _dice(booking_id)
    trip = Trip(
        city=city,
        random=random,
        customer_ref=f"CUST-{random.randint(1, 140):05}",
        order_ref=f"ORD-{booking_id.removeprefix('BK-')}",
    )
    age = timedelta(days=2, minutes=random.randint(0, (DAYS - 2) * 24 * 60))
    return Booking(booking_id=booking_id, currency=city.currency, age=age, steps=tuple(story(trip)))


def _dice(seed: str) -> Random:
    return Random(seed)  # noqa: S311 - made to fall the same way every time
