"""Eight clients behind a line on which anything goes wrong: every change that they intend takes effect, once.

Each change says in its metadata which intention it is of. Afterwards the histories are read from the platform itself:
every intention stands there once, versions have no gap, fares are what was added up beside.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any

import pytest
from farehistory_client import (
    ANY,
    AsyncClient,
    BatchRefused,
    Change,
    Client,
    FareEvent,
    FareHistoryError,
    Head,
    Problem,
    Retries,
    VersionConflict,
)

from tests.api_client import Api
from tests.builders import new_booking_id
from tests.sdk.unreliable import unreliable

CLIENTS = 8
SEED = 20260503
SHARE = 0.35
IMPATIENT = Retries(attempts=3, within=5, first_wait=0.01, longest_wait=0.05)
"""A budget that is used up often enough for errors to reach the caller."""
TIMEOUT = 0.5


class InLoop:
    """An AsyncClient for threads: the same calls, each awaited in the one loop that all of them share."""

    def __init__(self, client: AsyncClient, loop: asyncio.AbstractEventLoop) -> None:
        self._client, self._loop = client, loop

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            call = getattr(self._client, name)(*arguments, **named)
            return asyncio.run_coroutine_threadsafe(call, self._loop).result(timeout=60)

        return call


@contextmanager
def synchronous(url: str, key: str) -> Iterator[list[Any]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(Client(url, key, timeout=TIMEOUT, retries=IMPATIENT)) for _ in range(CLIENTS)
        ]


@contextmanager
def asynchronous(url: str, key: str) -> Iterator[list[Any]]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    clients = [
        InLoop(AsyncClient(url, key, timeout=TIMEOUT, retries=IMPATIENT), loop) for _ in range(CLIENTS)
    ]
    try:
        yield clients
        for client in clients:
            client.aclose()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Service:
    """One client's work, and what it intends: the intentions' names by booking, and what they add up to."""

    def __init__(self, name: str, client: Any, bookings: list[str], seed: int) -> None:
        self.name, self.client, self.bookings = name, client, bookings
        self.random = random.Random(seed)
        self.intended: dict[str, list[str]] = defaultdict(list)
        self.sums: Counter[str] = Counter()
        """In cents, of all changes but those that depend on the fare."""
        self.settled = 0
        self.count = 0

    def work(self, intentions: int) -> None:
        kinds = (self.append, self.append, self.update, self.update_by_several, self.all_or_none, self.many)
        while self.count < intentions:
            self.random.choice(kinds)()

    def append(self) -> None:
        booking, change = self.intention()
        self.settle_all(lambda: self.client.append(booking, change, expected_version=ANY))

    def all_or_none(self) -> None:
        items = [(*self.intention(), ANY) for _ in range(self.random.randint(2, 4))]
        self.settle_all(lambda: self.client.append_all(items))

    def many(self) -> None:
        items = [(*self.intention(), ANY) for _ in range(self.random.randint(2, 12))]
        for result in self.settle_all(lambda: self.client.append_many(items)):
            if isinstance(result, Problem):
                assert result.unsettled is not None, result
                self.settle_all(lambda error=result: self.client.settle(error.unsettled))

    def update(self) -> None:
        """Takes a hundredth off, of whatever the fare is by then."""
        booking, intention = self.name_one()

        def discount(head: Head) -> Change:
            return Change.sub("promo", hundredth(head.amount), metadata=told(intention, head.version))

        self.decide(booking, discount)

    def update_by_several(self) -> None:
        booking, first = self.name_one()
        intentions = [first, self.name_another(booking)]
        cents = [self.random.randint(1, 500) for _ in intentions]
        self.sums[booking] += sum(cents)

        def fees(head: Head) -> list[Change]:
            return [
                Change.add("waiting_fee", Decimal(amount) / 100, metadata=told(intention, head.version + n))
                for n, (intention, amount) in enumerate(zip(intentions, cents, strict=True))
            ]

        self.decide(booking, fees)

    def decide(self, booking: str, decide: Callable[[Head], Any]) -> None:
        """Until it is in: somebody else's change may also come while an answer that was lost is asked for."""
        while True:
            try:
                self.settle_all(lambda: self.client.update(booking, decide))
                return
            except (VersionConflict, BatchRefused) as refusal:
                conflict = refusal.problem if isinstance(refusal, BatchRefused) else refusal
                assert isinstance(conflict, VersionConflict)
            except FareHistoryError as error:
                assert error.unsettled is None

    def settle_all(self, call: Callable[[], Any]) -> Any:
        """What the call answers, or what settling it does. Raises what was certainly not written."""
        try:
            return call()
        except FareHistoryError as error:
            unsettled, refusal = error.unsettled, error
        while unsettled is not None:
            self.settled += 1
            try:
                return self.client.settle(unsettled)
            except FareHistoryError as error:
                unsettled, refusal = error.unsettled, error
        raise refusal

    def intention(self) -> tuple[str, Change]:
        booking, name = self.name_one()
        cents = self.random.randint(1, 500)
        change = self.random.choice((Change.add, Change.sub))
        self.sums[booking] += cents if change == Change.add else -cents
        return booking, change("toll", Decimal(cents) / 100, metadata=told(name))

    def name_one(self) -> tuple[str, str]:
        booking = self.random.choice(self.bookings)
        return booking, self.name_another(booking)

    def name_another(self, booking: str) -> str:
        self.count += 1
        name = f"{self.name}-{self.count}"
        self.intended[booking].append(name)
        return name


def told(intention: str, version: int | None = None) -> dict[str, Any]:
    return {"intention": intention} | ({} if version is None else {"seen": version})


def hundredth(amount: Decimal | None) -> Decimal:
    assert amount is not None
    return (amount / 100).quantize(Decimal("0.01"))


def prices(bookings: list[str]) -> list[Any]:
    return [(booking, Change.set("base_fare", "1000.00", currency="SGD"), 0) for booking in bookings]


def history(client: Client, booking: str) -> list[FareEvent]:
    events: list[FareEvent] = []
    following: int | None = 0
    while following is not None:
        page = client.history(booking, after_version=following, limit=500)
        events += page.events
        following = page.next
    return events


def check_history(events: list[FareEvent], intended: list[str], cents: int) -> None:
    assert [event.version for event in events] == list(range(1, len(events) + 1))
    first, *changes = events
    assert Counter(each.metadata["intention"] for each in changes) == Counter(intended)  # type: ignore[index]
    discounts = Decimal(0)
    for before, event in zip(events, changes, strict=False):
        assert event.metadata is not None
        assert event.metadata.get("seen", before.version) == before.version
        if event.component == "promo":
            assert event.amount == hundredth(before.fare)
            discounts += event.amount
    assert events[-1].fare == first.fare + Decimal(cents) / 100 - discounts


@pytest.mark.parametrize("clients", [synchronous, asynchronous])
@pytest.mark.parametrize(
    ("intentions", "bookings"),
    [
        pytest.param(600, 60),
        pytest.param(10_000, 300, marks=[pytest.mark.long, pytest.mark.timeout(900)]),
    ],
)
def test_every_intended_change_takes_effect_once(
    web: str, intentions: int, bookings: int, clients: Callable[[str, str], Any]
) -> None:
    key = Api.of("pricing").key
    assert key is not None
    ids = [new_booking_id() for _ in range(bookings)]
    with unreliable(web, seed=SEED, share=SHARE) as proxy, clients(proxy.url, key) as lines:
        services = [Service(f"s{n}", line, ids, SEED + n) for n, line in enumerate(lines)]
        services[0].settle_all(lambda: lines[0].append_many(prices(ids)))
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(lambda each: each.work(intentions // CLIENTS), services))
    assert all(proxy.counts.values()) and len(proxy.counts) == 9, proxy.counts
    assert sum(each.settled for each in services) > 0
    with Client(web, key) as client:
        for booking in ids:
            events = history(client, booking)
            intended = [name for each in services for name in each.intended[booking]]
            check_history(events, intended, sum(each.sums[booking] for each in services))
            assert client.fare(booking, strong=True).head == events[-1].head
