"""A toll service: adds what gantries report to the fares of the rides that pass them.

    FAREHISTORY_URL=http://127.0.0.1:8000 FAREHISTORY_KEY=fh_… python toll_service.py

The key needs feed:read beside fares:append: this example has no gantries, and takes rides from the feed as they are
priced. PASSAGES (0.4) is the share of them that pass one.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from farehistory_client import ANY, TAIL, Change, Client, Codecs, FareHistoryError, FirstEventMustSet, Retries

GANTRIES = {"CTE Braddell": "2.00", "ECP Fort Road": "3.50", "AYE Alexandra": "1.00"}

PATIENT = Retries(attempts=1000, within=300.0)
"""Nobody waits for this service: it sits out a restart of the platform."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Version 2. What was kept before has no lane and no confidence."""

    gantry: str
    passage_id: str
    lane: int
    confidence: Decimal


def with_lane_and_confidence(metadata: dict[str, Any]) -> dict[str, Any]:
    return {"lane": 1, "confidence": Decimal(1), **metadata}


CODECS = Codecs()
CODECS.register(Passage, component="toll", version=2, upcasts={1: with_lane_and_confidence})


def toll(booking: str, passage: Passage, amount: Decimal) -> Change:
    """A toll depends on nothing else in the fare. Gantries report twice now and then: booking and passage make the
    transaction id, so that the second report is a replay."""
    return Change.add(
        "toll",
        amount,
        description=passage.gantry,
        metadata=passage,
        transaction_id=uuid5(NAMESPACE_URL, f"toll:{booking}:{passage.passage_id}"),
    )


def charge(fares: Client, booking: str, passage: Passage) -> None:
    try:
        change = toll(booking, passage, Decimal(GANTRIES[passage.gantry]))
        appended = fares.append(booking, change, expected_version=ANY)
    except FirstEventMustSet:
        print(f"{booking}: not priced yet; a real service tries this passage again later", flush=True)
        return
    again = " (reported twice)" if appended.replayed else ""
    print(f"{booking}: toll {appended.event.amount} at {passage.gantry}{again}", flush=True)


def share(fares: Client, bookings: list[str], passage: Passage) -> None:
    """Rides that share a car share its toll, to the cent: each is charged its part, or none is."""
    cents, rest = divmod(int(Decimal(GANTRIES[passage.gantry]) * 100), len(bookings))
    parts = [Decimal(cents + (place < rest)) / 100 for place in range(len(bookings))]
    fares.append_all(
        [(booking, toll(booking, passage, part), ANY) for booking, part in zip(bookings, parts, strict=True)]
    )
    print(f"{', '.join(bookings)}: share the toll at {passage.gantry}", flush=True)


def rides(fares: Client) -> Iterator[str]:
    for event in fares.feed(after=TAIL, component=["base_fare"], type=["SET"]):
        yield event.booking_id


def main() -> None:
    passages = float(os.environ.get("PASSAGES", "0.4"))
    before: str | None = None
    url, key = os.environ["FAREHISTORY_URL"], os.environ["FAREHISTORY_KEY"]
    with Client(url, key, codecs=CODECS, retries=PATIENT) as fares:
        for number, booking in enumerate(rides(fares)):
            passage = Passage(
                random.choice(list(GANTRIES)),
                f"{booking}-{number}",
                random.randint(1, 4),
                Decimal(random.randint(90, 100)) / 100,
            )
            if before is not None and random.random() < passages / 4:
                share(fares, [before, booking], passage)
            elif random.random() < passages:
                charge(fares, booking, passage)
                if random.random() < 0.1:
                    charge(fares, booking, passage)
            before = booking


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except FareHistoryError as error:
        sys.exit(f"The toll service ends: {error}")
