"""`AsyncClient` gets its connections back, whatever becomes of its calls, and works in any event loop."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from typing import Any

import httpx
import pytest
from farehistory_client import (
    ANY,
    AsyncClient,
    Change,
    Client,
    FareHistoryError,
    Retries,
    Unanswered,
    _transport,
)

from tests.sdk import loops

FARE = {
    "booking_id": "BK-1",
    "fare": "1.00",
    "version": 1,
    "currency": "SGD",
    "exponent": 2,
    "components": {},
    "events": 1,
}

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    body = json.dumps(FARE).encode()
    while True:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.005)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def is_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def answers_half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    await reader.read()


async def is_still_at_work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def answers_byte_by_byte(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


class Server:
    """Does with every new connection what `behaviour` is then."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.open = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self.behaviour(reader, writer)
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncIterator[Server]:
    server = Server(behaviour)
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=500) as listener:
        server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        yield server


class InAThread:
    """A server that outlives the loops of those who ask it."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        self._started.wait()

    async def _serve(self) -> None:
        async with serving(self._behaviour) as self.server:
            self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
            self._started.set()
            await self._end.wait()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    thread = InAThread(answers)
    yield thread.server
    thread.close()


@pytest.fixture
def silent_server() -> Iterator[Server]:
    thread = InAThread(is_silent)
    yield thread.server
    thread.close()


def client(url: str, **options: Any) -> AsyncClient:
    return AsyncClient(url, "fh_key", **{"timeout": 5, "retries": Retries(attempts=1), **options})


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():
            await asyncio.sleep(0.02)


def connections_in_use(fares: AsyncClient) -> int:
    """Only httpcore's pool knows: the server is not asked by those that wait for ever."""
    (connections,) = fares._http._transport._of_loops.values()  # type: ignore[attr-defined]
    return sum(not each.is_idle() for each in connections._pool.connections)


@pytest.mark.parametrize("behaviour", [is_silent, answers_half, is_still_at_work, answers_byte_by_byte])
def test_after_a_slow_spell_it_works_again_at_once(
    behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tries end in the same moments in which others are given their connections."""
    # Few enough for a slow machine to serve within a try.
    monkeypatch.setattr(_transport, "LIMITS", httpx.Limits(max_connections=20))

    async def calling() -> None:
        async with serving(behaviour) as server, client(server.url, timeout=0.3) as fares:

            async def until_answered() -> None:
                while True:
                    with suppress(FareHistoryError):
                        await fares.fare("BK-1")
                        return

            tasks = [asyncio.create_task(until_answered()) for _ in range(30)]
            await asyncio.sleep(2)
            server.behaviour = answers
            async with asyncio.timeout(60):
                await asyncio.gather(*tasks)
            assert connections_in_use(fares) == 0
            await asyncio.wait_for(until_answered(), 60)

    loops.run(calling())


async def cancelled(call: Coroutine[Any, Any, Any], *, after: float) -> None:
    task = asyncio.create_task(call)
    await asyncio.sleep(after)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def append(fares: AsyncClient) -> Coroutine[Any, Any, Any]:
    return fares.append("BK-1", Change.add("toll", "1.00"), expected_version=ANY)


def test_cancelled_calls_give_their_connections_back() -> None:
    async def calling() -> None:
        async with serving(answers) as server, client(server.url, timeout=1) as fares:
            for number in range(300):
                await cancelled(fares.fare("BK-1"), after=0.00002 * number % 0.004)
            assert (await fares.fare("BK-1")).version == 1
            await until(lambda: connections_in_use(fares) == 0)

    loops.run(calling())


async def cancelled_while_it_is_open(server: Server, calls: Iterable[Coroutine[Any, Any, Any]]) -> None:
    tasks = [asyncio.create_task(each) for each in calls]
    await until(lambda: server.open == len(tasks))
    for each in tasks:
        each.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended)


def test_a_write_that_is_cancelled_ends_at_once_and_its_request_in_time() -> None:
    async def calling() -> None:
        async with serving(is_silent) as server, client(server.url, timeout=4) as fares:
            await cancelled_while_it_is_open(server, (append(fares) for _ in range(50)))
            assert server.open == 50
            await until(lambda: server.open == 0)

    loops.run(calling())


@pytest.mark.parametrize("behaviour", [is_silent, answers_half, is_still_at_work, answers_byte_by_byte])
def test_a_read_that_is_cancelled_gives_its_connection_back_at_once(behaviour: Behaviour) -> None:
    async def calling() -> None:
        async with serving(behaviour) as server, client(server.url, timeout=600) as fares:
            for _ in range(3):
                polls = (anext(fares.feed_pages(wait=30)) for _ in range(40))
                await cancelled_while_it_is_open(server, polls)
                await until(lambda: server.open == 0 == connections_in_use(fares))
            server.behaviour = answers
            assert (await fares.fare("BK-1")).version == 1

    loops.run(calling())


def test_nobody_waits_for_reads_that_were_cancelled_before_they_had_a_connection() -> None:
    async def calling() -> None:
        async with serving(is_silent) as server, client(server.url, timeout=600) as fares:
            holding = [asyncio.create_task(fares.fare("BK-1")) for _ in range(100)]
            await until(lambda: server.open == 100)
            for _ in range(20):
                await cancelled(fares.fare("BK-1"), after=0.01)
            server.behaviour = answers
            for each in holding:
                each.cancel()
            await asyncio.wait_for(fares.fare("BK-1"), 60)
            await until(lambda: not fares._left_alone)

    loops.run(calling())


def test_a_transport_that_was_given_keeps_no_try_longer() -> None:
    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(60)
            raise AssertionError("unreachable")

    async def calling() -> None:
        async with client("http://fares.test", http=Silent(), timeout=0.3) as fares:
            with pytest.raises(Unanswered, match="in time"):
                await fares.fare("BK-1")

    loops.run(asyncio.wait_for(calling(), 20))


def test_nothing_is_complained_of_after_cancelled_calls(
    silent_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither at the end of a loop, nor after `aclose`, nor of an error that nobody asks for any longer."""

    class Failing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(0.05)
            raise RuntimeError("of a transport that was given")

    async def calling() -> None:
        open_to_the_end = client(silent_server.url, timeout=60)
        await cancelled(append(open_to_the_end), after=0.05)
        async with client(silent_server.url, timeout=60) as fares:
            await cancelled(append(fares), after=0.05)
            await cancelled(fares.fare("BK-1"), after=0.05)
        assert open_to_the_end._left_alone
        assert not fares._left_alone
        async with client("http://fares.test", http=Failing()) as fares:
            await cancelled(fares.fare("BK-1"), after=0.01)
            await asyncio.sleep(0.1)

    with caplog.at_level(logging.WARNING, logger="asyncio"):
        loops.run(calling())
        gc.collect()
    assert not caplog.records


def test_one_client_serves_loops_one_after_the_other(server: Server) -> None:
    fares = client(server.url)
    for _ in range(3):
        assert loops.run(fares.fare("BK-1")).version == 1
    assert len(fares._http._transport._of_loops) == 1  # type: ignore[attr-defined]


def test_a_loop_that_ends_closes_the_connections(server: Server) -> None:
    fares = client(server.url)
    loops.run(fares.fare("BK-1"))
    end = threading.Event()
    for _ in range(100):
        if not server.open:
            break
        end.wait(0.02)
    assert not server.open


def test_one_client_serves_loops_at_once(server: Server) -> None:
    fares = client(server.url, timeout=5)
    failures: list[BaseException] = []

    async def calling() -> None:
        for _ in range(10):
            await asyncio.gather(*(fares.fare("BK-1") for _ in range(5)))

    def run() -> None:
        try:
            asyncio.run(calling())
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not failures


def test_a_forked_process_has_connections_of_its_own(server: Server) -> None:
    fares = client(server.url, timeout=5)
    loop = loops.Loop()
    loop.run(fares.fare("BK-1"))
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if asyncio.run(fares.fare("BK-1")).version == 1 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert loop.run(fares.fare("BK-1")).version == 1
    loop.run(fares.aclose())
    loop.close()


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan")])
def test_a_time_limit_is_a_number_of_seconds(kind: Any, timeout: float) -> None:
    with pytest.raises(ValueError, match="time limit"):
        kind("http://fares.test", "fh_key", timeout=timeout)


async def sends_elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 301 Moved\r\nLocation: mailto:a\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


def test_a_place_to_go_to_is_not_looked_at() -> None:
    with closing(InAThread(sends_elsewhere)) as thread:
        url = thread.server.url
        with (
            Client(url, "fh_key", timeout=5, retries=Retries(attempts=1)) as fares,
            pytest.raises(Unanswered),
        ):
            fares.fare("BK-1")

        async def ask() -> None:
            async with client(url) as fares:
                await fares.fare("BK-1")

        with pytest.raises(Unanswered):
            loops.run(ask())


def test_a_call_that_its_client_is_closed_upon_says_what_is_open(silent_server: Server) -> None:
    async def close_meanwhile() -> None:
        fares = client(silent_server.url, timeout=60)
        appending = asyncio.create_task(append(fares))
        await until(lambda: silent_server.open == 1)
        await fares.aclose()
        with pytest.raises(Unanswered) as unanswered:
            await asyncio.wait_for(appending, 20)
        assert unanswered.value.unsettled is not None
        with pytest.raises(Unanswered) as unanswered:
            await asyncio.wait_for(fares.fare("BK-1"), 20)
        assert "closed" in str(unanswered.value)

    loops.run(close_meanwhile())
