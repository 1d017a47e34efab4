"""Eight services append to the same and to different bookings at once; half of them send all of it twice."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Barrier
from typing import Any
from uuid import uuid4

import httpx

from events import history
from events.event import FareEvent
from tests.api_client import Api
from tests.builders import new_booking_id

SERVICES = 8
CHANGES = 40
"""Changes that each service makes: every second one to a booking that all share."""


@dataclass
class Service:
    """One calling service. It reads, decides and appends; on a conflict it decides anew on what that says."""

    number: int
    url: str
    shared: list[str]
    sends_twice: bool
    own: str = field(default_factory=new_booking_id)
    acknowledged: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    """transaction id → booking, version and fare of the answer."""
    conflicts: int = 0
    replays: int = 0

    @property
    def source(self) -> str:
        return f"service-{self.number}"

    def run(self, start: Barrier) -> None:
        chance = random.Random(self.number)
        headers = {"Authorization": f"Bearer {Api.of(self.source).key}"}
        with httpx.Client(base_url=self.url, headers=headers, timeout=30) as client:
            start.wait()
            for change in range(CHANGES):
                booking = chance.choice(self.shared) if change % 2 else self.own
                self.change(client, booking, f"{chance.randint(1, 999) / 100:.2f}", blindly=change % 4 == 1)

    def change(self, client: httpx.Client, booking: str, amount: str, *, blindly: bool) -> None:
        """One change, under one transaction id however often it takes."""
        change = {"transaction_id": str(uuid4()), "component": f"fee_{self.number}", "amount": amount}
        current: dict[str, Any] = {"version": 0, "fare": None, "currency": None}
        while True:
            body = change | decided_on(current, blindly)
            address = f"/api/v1/fares/{booking}/events"
            answers = [client.post(address, json=body) for _ in range(1 + self.sends_twice)]
            unpriced = code_of(answers[0]) == "first_event_must_set"
            if unpriced and code_of(answers[-1]) is None:
                # Somebody priced the booking between the two: the second sending was the first to be taken.
                answers = [answers[1], client.post(address, json=body)]
            if code_of(answers[0]) is None:
                self.note(change["transaction_id"], booking, answers)
                return
            if unpriced:
                blindly = False  # this service prices it
            else:
                current = self.after_conflict(booking, current, answers)

    def after_conflict(
        self, booking: str, seen: dict[str, Any], answers: list[httpx.Response]
    ) -> dict[str, Any]:
        """The fare that every answer to a change at a version gone by must carry."""
        self.conflicts += 1
        for answer in answers:
            assert (answer.status_code, code_of(answer)) == (409, "version_conflict"), answer.text
            current: dict[str, Any] = answer.json()["current"]
            check_conflict(booking, current, at_least=seen["version"] + 1)
        return current

    def note(self, transaction_id: str, booking: str, answers: list[httpx.Response]) -> None:
        event = answers[0].json()
        assert answers[0].status_code == 201
        assert transaction_id not in self.acknowledged
        self.acknowledged[transaction_id] = (booking, event["version"], event["fare"])
        for again in answers[1:]:
            assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
            assert again.json() == event
            self.replays += 1


def decided_on(current: dict[str, Any], blindly: bool) -> dict[str, Any]:
    """What a service sends for a fare that it knows like this; blindly: whatever the fare is."""
    if blindly:
        return {"type": "ADD", "expected_version": "any"}
    if current["version"] == 0:
        return {"type": "SET", "expected_version": 0, "currency": "SGD"}
    return {"type": "ADD", "expected_version": current["version"]}


def code_of(answer: httpx.Response) -> str | None:
    """The code of a problem; None for an event."""
    code: str | None = answer.json().get("code")
    return code


def check_conflict(booking: str, current: dict[str, Any], *, at_least: int) -> None:
    """The fare that a conflict carries is the one that the ledger has at that version."""
    assert isinstance(current["version"], int) and current["version"] >= at_least
    event = history.event_of(booking, current["version"])
    assert current == {"version": event.version, "fare": f"{event.fare:f}", "currency": "SGD"}


def test_no_event_is_lost_doubled_or_skipped(web: str, api: Api) -> None:
    shared = [new_booking_id(), new_booking_id()]
    start = Barrier(SERVICES)
    services = [Service(number, web, shared, sends_twice=number % 2 == 0) for number in range(SERVICES)]
    with ThreadPoolExecutor(SERVICES) as threads:
        list(threads.map(lambda service: service.run(start), services))

    assert sum(service.conflicts for service in services) > 0
    assert sum(service.replays for service in services) == SERVICES // 2 * CHANGES
    acknowledged = {id_: answer for service in services for id_, answer in service.acknowledged.items()}
    assert len(acknowledged) == SERVICES * CHANGES

    stored: dict[str, tuple[str, int, str]] = {}
    for booking in [*shared, *(service.own for service in services)]:
        events = history.events_of(booking)
        assert [event.version for event in events] == list(range(1, len(events) + 1))
        assert_each_fare_follows_from_the_one_before(events)
        stored |= {str(event.transaction_id): (booking, event.version, f"{event.fare:f}") for event in events}
    assert stored == acknowledged


def assert_each_fare_follows_from_the_one_before(events: list[FareEvent]) -> None:
    fare = Decimal(0)
    for event in events:
        fare = event.amount if event.type == "SET" else fare + event.amount
        assert event.fare == fare == sum(event.components.values())
