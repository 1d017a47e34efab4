"""The reader of streams, on the real server, fed by the platform's own relay."""

from __future__ import annotations

import asyncio
import inspect
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from django.conf import settings as django_settings
from farehistory_client import Codecs, FareEvent, Skipped
from farehistory_client.streams import AsyncStreamReader, LedgerRestored, StreamReader
from pytest_django import Settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from events import feed
from projections.streams.connection import client, key_of
from tests.projections.streams.helpers import booking_with, lose_the_streams, more, planted_entry, sweep
from tests.sdk import loops
from tests.sdk.loops import Loop

GROUP = "loyalty"


@pytest.fixture(autouse=True)
def fresh_streams(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_KEEP = 1_000_000
    lose_the_streams()


class InALoop:
    """An AsyncStreamReader as if it were none, with a connection of its own; what it calls is a coroutine."""

    def __init__(self, loop: Loop, connection: redis.asyncio.Redis, *arguments: Any, **options: Any) -> None:
        self._loop = loop
        self._reader = AsyncStreamReader(connection, *arguments, **options)

    def run(self, handle: Callable[[FareEvent], object], **options: Any) -> None:
        async def handled(event: FareEvent) -> None:
            handle(event)

        self._loop.run(self._reader.run(handled, **options))

    def pass_over(self, partition: int, position: int) -> None:
        self._loop.run(self._reader.pass_over(partition, position))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)


Connection = Callable[..., Any]
"""Makes a reader."""


@pytest.fixture(params=["text", "bytes", "async"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    url = django_settings.REDIS_URL
    with ExitStack() as stack:
        if request.param != "async":
            redis_ = redis.Redis.from_url(url, decode_responses=request.param == "text")
            yield partial(StreamReader, stack.enter_context(redis_))
            return

        def in_a_loop(*arguments: Any, **options: Any) -> InALoop:
            loop, connection = Loop(), redis.asyncio.Redis.from_url(url)
            stack.callback(loop.close)
            stack.callback(lambda: loop.run(connection.aclose()))
            return InALoop(loop, connection, *arguments, **options)

        yield in_a_loop


@dataclass
class Seen:
    """Keeps what it is given; breaks off before the event at a position that it is told to die of."""

    partition: int
    dies_at: int | None = None

    def __post_init__(self) -> None:
        self.events: list[FareEvent] = []

    def __call__(self, event: FareEvent) -> None:
        if event.position == self.dies_at:
            raise ZeroDivisionError
        assert event.partition == self.partition
        self.events.append(event)

    @property
    def positions(self) -> list[int]:
        return [event.position for event in self.events]

    def until(self, position: int) -> Callable[[], bool]:
        return lambda: position in self.positions


def reader(connection: Connection, partition: int, consumer: str = "one", **options: Any) -> Any:
    options = {"prefix": django_settings.REDIS_PREFIX, "partitions": [partition], **options}
    return connection(GROUP, consumer, **options)


def stream_of(events: int) -> tuple[str, int, int]:
    """A booking of that many events, its partition, and the position of the last."""
    booking, partition = booking_with(events)
    sweep()
    return booking, partition, feed.head(partition)


def pending(partition: int) -> int:
    return int(client().xpending(key_of(partition), GROUP)["pending"])


def turns(times: int) -> Callable[[], bool]:
    """Ends after so many rounds."""
    left = iter(range(times))
    return lambda: next(left, None) is None


def test_every_event_comes_once_in_order_typed(connection: Connection) -> None:
    booking, partition, head = stream_of(3)
    seen = Seen(partition)
    reader(connection, partition).run(seen, until=seen.until(head))
    more(booking, 2)
    sweep()
    reader(connection, partition).run(seen, until=seen.until(head + 2))
    assert seen.positions == list(range(1, head + 3))
    mine = [event for event in seen.events if event.booking_id == booking]
    assert [event.version for event in mine] == [1, 2, 3, 4, 5]
    assert mine[-1].fare == Decimal("1.40")
    assert pending(partition) == 0


def test_all_partitions_at_once_by_a_share(connection: Connection) -> None:
    places = dict(stream_of(2)[1:] for _ in range(5))
    reached: dict[int, int] = {}

    def handle(event: FareEvent) -> None:
        assert event.position == reached.get(event.partition, 0) + 1
        reached[event.partition] = event.position

    everything = reader(connection, 0, partitions="0-31,32-63")
    everything.run(handle, until=lambda: all(reached.get(n, 0) >= head for n, head in places.items()))


def test_metadata_is_of_its_type(connection: Connection) -> None:
    @dataclass
    class Toll:
        trip: str

    _, partition, head = stream_of(2)
    codecs = Codecs()
    codecs.register(Toll, component="toll")
    seen = Seen(partition)
    found = reader(connection, partition, codecs=codecs, reached={partition: head - 1})
    found.run(seen, until=seen.until(head))
    assert seen.events[0].details.value == Toll("ü 1")


def test_what_the_handler_could_not_take_comes_first_again(connection: Connection) -> None:
    _, partition, head = stream_of(4)
    found = reader(connection, partition)
    with pytest.raises(ZeroDivisionError):
        found.run(Seen(partition, dies_at=head - 1))
    with pytest.raises(ZeroDivisionError):
        found.run(Seen(partition, dies_at=head - 1))
    seen = Seen(partition)
    reader(connection, partition).run(seen, until=seen.until(head))
    assert seen.positions == [head - 1, head]
    assert pending(partition) == 0


def test_another_consumer_takes_over_only_from_one_that_is_silent(connection: Connection) -> None:
    booking, partition, head = stream_of(4)
    with pytest.raises(ZeroDivisionError):
        reader(connection, partition).run(Seen(partition, dies_at=head - 1))
    more(booking, 1)
    sweep()
    seen = Seen(partition)
    reader(connection, partition, "two", takeover=60).run(seen, until=turns(5))
    assert seen.positions == []  # also not what nobody was given: it comes later
    reader(connection, partition, "two", takeover=0).run(seen, until=seen.until(head + 1))
    assert seen.positions == [head - 1, head, head + 1]


def test_several_consumers_of_a_partition_keep_its_order(connection: Connection) -> None:
    booking, partition, head = stream_of(2)
    end = head + 150
    seen = Seen(partition)
    readers = [reader(connection, partition, f"c{n}", batch=3) for n in range(3)]
    threads = [
        threading.Thread(target=each.run, args=[seen], kwargs={"until": seen.until(end)}) for each in readers
    ]
    for thread in threads:
        thread.start()
    for _ in range(15):
        more(booking, 10)
        sweep()
    for thread in threads:
        thread.join(timeout=30)
    assert seen.positions == list(range(1, end + 1))


def test_a_doubled_delivery_is_dropped(connection: Connection) -> None:
    _, partition, head = stream_of(3)
    seen = Seen(partition)
    found = reader(connection, partition)
    found.run(seen, until=seen.until(head))
    client().xgroup_setid(key_of(partition), GROUP, "0")
    found.run(seen, until=lambda: not pending(partition) and found._partitions[partition].open)
    found.run(seen, until=turns(3))
    assert seen.positions == list(range(1, head + 1))


def test_what_was_kept_with_its_effect_is_not_handed_over_again(connection: Connection) -> None:
    _, partition, head = stream_of(3)
    with pytest.raises(ZeroDivisionError):
        reader(connection, partition).run(Seen(partition, dies_at=head - 1))
    seen = Seen(partition)
    reader(connection, partition, reached={partition: head - 1}).run(seen, until=seen.until(head))
    assert seen.positions == [head]
    with pytest.raises(Skipped):  # acknowledged, but never kept
        reader(connection, partition, reached={partition: head - 1}).run(seen)


def test_a_gap_is_raised_until_it_is_passed_over(connection: Connection) -> None:
    booking, partition, head = stream_of(2)
    seen = Seen(partition)
    reader(connection, partition).run(seen, until=seen.until(head))
    more(booking, 4)
    sweep()
    client().xdel(key_of(partition), f"{head + 2}-0", f"{head + 3}-0")
    for _ in range(2):
        found = reader(connection, partition)
        with pytest.raises(Skipped) as caught:
            found.run(seen)
        assert (caught.value.expected, caught.value.found) == (head + 2, head + 4)
    assert seen.positions[-1] == head + 1  # what comes before it is not held up
    found.pass_over(partition, head + 3)
    found.run(seen, until=seen.until(head + 4))
    assert seen.positions[-2:] == [head + 1, head + 4]


def test_what_was_trimmed_before_it_was_handled_is_a_gap(connection: Connection) -> None:
    _, partition, head = stream_of(4)
    with pytest.raises(ZeroDivisionError):
        reader(connection, partition).run(Seen(partition, dies_at=head - 1))
    client().xdel(key_of(partition), f"{head - 1}-0")
    seen = Seen(partition)
    for _ in range(2):
        found = reader(connection, partition, "two", takeover=0)
        with pytest.raises(Skipped) as caught:
            found.run(seen)
        assert (caught.value.expected, caught.value.found) == (head - 1, None)
    found.pass_over(partition, head - 1)
    found.run(seen, until=seen.until(head))
    assert seen.positions == [head]


def test_a_group_begins_with_what_is_kept_or_with_what_comes(connection: Connection) -> None:
    booking, partition, head = stream_of(4)
    client().xtrim(key_of(partition), minid=f"{head - 1}-0", approximate=False)
    seen = Seen(partition)
    reader(connection, partition).run(seen, until=seen.until(head))
    assert seen.positions == [head - 1, head]
    client().xgroup_destroy(key_of(partition), GROUP)
    late = Seen(partition)
    found = reader(connection, partition, start="new")
    found.run(late, until=lambda: found._partitions[partition].open)
    more(booking, 1)
    sweep()
    found.run(late, until=late.until(head + 1))
    assert late.positions == [head + 1]


def test_streams_that_were_flushed_come_back_and_it_goes_on(connection: Connection) -> None:
    booking, partition, head = stream_of(3)
    seen = Seen(partition)
    found = reader(connection, partition)
    found.run(seen, until=seen.until(head))
    lose_the_streams()
    more(booking, 1)
    sweep()
    found.run(seen, until=seen.until(head + 1))
    assert seen.positions == list(range(1, head + 2))


def test_it_goes_on_after_a_connection_that_broke_before_the_acknowledgement() -> None:
    _, partition, head = stream_of(3)
    url = django_settings.REDIS_URL
    with redis.Redis.from_url(url, single_connection_client=True, retry=Retry(NoBackoff(), 0)) as connection:
        seen = Seen(partition)
        own = connection.client_id()

        def handle(event: FareEvent) -> None:
            seen(event)
            if event.position == head - 1:
                client().client_kill_filter(_id=own)

        found = reader(partial(StreamReader, connection), partition)
        found.run(handle, until=seen.until(head))
    assert seen.positions == list(range(1, head + 1))


def test_a_reader_that_is_cancelled_has_its_event_first_again() -> None:
    """As where a function raises: an event that was not handled is not acknowledged."""
    _, partition, head = stream_of(3)
    seen: list[int] = []

    async def handle(event: FareEvent) -> None:
        if event.position == head - 1 and head - 1 not in seen:
            seen.append(event.position)
            await asyncio.sleep(60)
        seen.append(event.position)

    async def cancelled_and_again() -> None:
        async with redis.asyncio.Redis.from_url(django_settings.REDIS_URL) as connection:
            found = reader(partial(AsyncStreamReader, connection), partition)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await found.run(handle)
            await found.run(handle, until=lambda: head in seen)

    loops.run(cancelled_and_again())
    assert seen[-3:] == [head - 1, head - 1, head]
    assert pending(partition) == 0


@pytest.mark.filterwarnings("ignore:coroutine")
def test_a_coroutine_that_nobody_would_await_is_a_mistake() -> None:
    async def handle(event: FareEvent) -> None: ...

    _, partition, head = stream_of(1)
    with redis.Redis.from_url(django_settings.REDIS_URL) as connection:
        with pytest.raises(TypeError, match="AsyncStreamReader"):
            reader(partial(StreamReader, connection), partition).run(handle)
        seen = Seen(partition)
        reader(partial(StreamReader, connection), partition).run(seen, until=seen.until(head))
    assert seen.positions[-1] == head


def test_without_redis_py_it_says_what_to_install() -> None:
    program = "import sys; sys.modules['redis'] = None; import farehistory_client.streams"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(django_settings.BASE_DIR, "sdk"),
        capture_output=True,
        text=True,
    )
    assert "pip install farehistory-client[streams]" in ended.stderr


def test_another_epoch_is_told(connection: Connection) -> None:
    _, partition, head = stream_of(1)
    seen = Seen(partition)
    found = reader(connection, partition, epoch=77)
    with pytest.raises(LedgerRestored):
        found.run(seen)
    with planted_entry(partition, source="urn:uuid:other", epoch=99):
        again = reader(connection, partition, reached={partition: head + 999}, epoch=1)
        with pytest.raises(LedgerRestored):
            again.run(seen)
    assert seen.positions == []


@pytest.mark.parametrize("in_a_loop", [False, True], ids=["sync", "async"])
def test_a_wrong_password_is_not_tried_for_ever(in_a_loop: bool) -> None:
    wrong: Any = {"url": django_settings.REDIS_URL, "username": "nobody", "password": "wrong"}

    async def reading() -> None:
        async with redis.asyncio.Redis.from_url(**wrong) as connection:
            await AsyncStreamReader(connection, "loyalty", "loyalty-1", partitions="0").run(print)

    with pytest.raises(redis.AuthenticationError):
        if in_a_loop:
            loops.run(reading())
        with redis.Redis.from_url(**wrong) as connection:
            StreamReader(connection, "loyalty", "loyalty-1", partitions="0").run(print)


def test_both_kinds_of_reader_have_the_same_calls() -> None:
    def calls(kind: type) -> dict[str, Any]:
        found = {name: each for name, each in vars(kind).items() if name[0] != "_"}
        return {name: list(inspect.signature(each).parameters) for name, each in found.items()}

    assert calls(StreamReader) == calls(AsyncStreamReader)


def test_a_client_of_redis_of_the_other_kind_is_a_mistake() -> None:
    wrong: Any = redis.Redis()
    with pytest.raises(TypeError):
        AsyncStreamReader(wrong, "loyalty", "loyalty-1")
    wrong = redis.asyncio.Redis()
    with pytest.raises(TypeError):
        StreamReader(wrong, "loyalty", "loyalty-1")


def test_a_cancellation_that_gets_lost_on_the_way_ends_it_all_the_same() -> None:
    """As redis-py can lose one; here the function does."""
    _, partition, _ = stream_of(3)
    handed_over: list[int] = []

    async def handle(event: FareEvent) -> None:
        handed_over.append(event.position)
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    async def reading() -> None:
        async with redis.asyncio.Redis.from_url(django_settings.REDIS_URL) as connection:
            task = asyncio.create_task(reader(partial(AsyncStreamReader, connection), partition).run(handle))
            while not handed_over:
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 10)
            assert task.cancelled()

    loops.run(reading())
    assert len(handed_over) == 1


def test_a_restored_ledger_is_told_to_other_processes_too() -> None:
    told = pickle.loads(pickle.dumps(LedgerRestored(3, 1, 2)))
    assert (told.partition, told.known, told.epoch) == (3, 1, 2)
