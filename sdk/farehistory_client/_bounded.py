"""The ways to the platform: httpx's, made so that nothing on them waits longer than a try has time left.

httpx's limits are of each part that comes or goes. A server that sends its headers byte by byte, says for ever that it
is still at work (102), or takes a large body in little by little would keep a try as long as it likes. A thread cannot
be interrupted, and a task that is cancelled within httpcore leaves its connection in the pool, in use for ever. So each
wait is given the time that is left.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from ssl import SSLContext
from time import monotonic
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

_PIECE: Final = 4096
"""Bytes that are given to the network at once: what it has no room for begins a new wait."""

_FAILURES: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


class Limit:
    """When the waits of one try end, at the latest."""

    def __init__(self, until: float) -> None:
        """`until`: a time of the monotonic clock."""
        self.until = until
        self.stream: httpcore.AsyncNetworkStream | None = None
        """What it waits for now, in an event loop."""

    def end_now(self) -> None:
        """Ends the wait of a try in this event loop as if the server had closed the connection."""
        self.until = float("-inf")
        connection: Any = self.stream and self.stream.get_extra_info("socket")
        if connection is not None:
            # By its number: what event loops give out as a socket is one only in part, and differs among them.
            with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as same:
                same.shutdown(socket.SHUT_RDWR)


_NONE: Final = Limit(float("inf"))

_limit: ContextVar[Limit] = ContextVar("limit")


@contextmanager
def within(limit: Limit) -> Iterator[None]:
    """Within, the waits of this thread or task end in time, as timeouts of httpx."""
    token = _limit.set(limit)
    try:
        yield
    finally:
        _limit.reset(token)


class Transport(httpx.BaseTransport):
    """`httpx.HTTPTransport`, which has no way to be given a network."""

    def __init__(self, url: str, limits: httpx.Limits) -> None:
        """`url`: of the platform; a proxy that the environment names for it is used."""
        self._options = _options(url, limits) | {"max_connections": limits.max_connections}
        self.connect_anew()

    def connect_anew(self) -> None:
        """Leaves the connections so far to those who have one now."""
        self._pool = httpcore.ConnectionPool(**self._options, network_backend=_Network())
        # Its own is taken in steps of Python, between which a signal's handler can raise: held then for ever, also
        # against this very thread.
        self._pool._optional_thread_lock = threading.RLock()  # type: ignore[assignment]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with _as_of_httpx():
            answer = self._pool.handle_request(_of_httpcore(request))
        return _of_httpx(answer, _Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_of_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Network(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Tries each address that the name has: by itself each would have the whole time."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _addresses(host, port):
            try:
                left = _left(timeout, httpcore.ConnectTimeout)
                stream = self._network.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream)
        raise failure


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self._stream.write(buffer[start : start + _PIECE], _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class AsyncTransport(httpx.AsyncBaseTransport):
    """`httpx.AsyncHTTPTransport`, with connections of its own for each event loop that it is used in."""

    def __init__(self, url: str, limits: httpx.Limits) -> None:
        """`url`: of the platform; a proxy that the environment names for it is used. `limits`: in each loop."""
        self._options = _options(url, limits)
        self._max_connections = limits.max_connections or sys.maxsize
        self._of_loops: dict[asyncio.AbstractEventLoop, _Connections] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        loop = asyncio.get_running_loop()
        if loop not in self._of_loops:
            for closed in [each for each in list(self._of_loops) if each.is_closed()]:
                self._of_loops.pop(closed, None)  # another thread may have been faster
            self._of_loops[loop] = _Connections(self._options, self._max_connections)
        return await self._of_loops[loop].answer(request)

    async def aclose(self) -> None:
        """Closes those of this loop. Another loop closes its own when it ends, as asyncio.run does."""
        here = self._of_loops.pop(asyncio.get_running_loop(), None)
        if here:
            await here.aclose()


class _Connections:
    """Of one event loop.

    A semaphore says who may have one, not the pool: there, a request that gives up at the moment in which it is given
    a connection leaves it in use for ever.
    """

    def __init__(self, options: dict[str, Any], most: int) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            **options, max_connections=None, network_backend=_AsyncNetwork()
        )
        self._free = asyncio.Semaphore(most)
        self._end: AsyncGenerator[None] | None = None

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if self._end is None:
            self._end = _closed_at_the_end(self._pool)
            await anext(self._end)
        await self._wait_for_one(request.extensions["timeout"]["pool"])
        try:
            with _as_of_httpx():
                answer = await self._pool.handle_async_request(_of_httpcore(request))
        except BaseException:
            self._free.release()
            raise
        return _of_httpx(answer, _AsyncBody(answer, self._free))

    async def _wait_for_one(self, timeout: float | None) -> None:
        with _as_of_httpx():
            left = _left(timeout, httpcore.PoolTimeout)
        try:
            async with asyncio.timeout(left):
                await self._free.acquire()
        except TimeoutError as error:
            raise httpx.PoolTimeout("no connection was free in time") from error

    async def aclose(self) -> None:
        if self._end:
            await self._end.aclose()


async def _closed_at_the_end(pool: httpcore.AsyncConnectionPool) -> AsyncGenerator[None]:
    """Generators that were begun are what an event loop closes when it ends, or when nobody has them any longer."""
    try:
        yield
    finally:
        await pool.aclose()


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response, free: asyncio.Semaphore) -> None:
        self._answer = answer
        self._free = free

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_of_httpx():
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        try:
            await self._answer.aclose()
        finally:
            self._free.release()


class _AsyncNetwork(httpcore.AsyncNetworkBackend):
    """Ends its waits in time itself: an error, which httpcore closes the connection after, and no cancellation."""

    def __init__(self) -> None:
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _AsyncStream(await self._network.connect_tcp(host, port, left, local_address, socket_options))


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with self._waited_for():
            return await self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with self._waited_for():
            await self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    @contextmanager
    def _waited_for(self) -> Iterator[None]:
        limit = _limit.get(_NONE)
        limit.stream = self
        try:
            yield
        finally:
            limit.stream = None

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _AsyncStream(await self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _options(url: str, limits: httpx.Limits) -> dict[str, Any]:
    """Of either kind of httpcore's pool."""
    return {
        "ssl_context": httpx.create_ssl_context(),
        "proxy": _proxy_of(httpx.URL(url)),
        "max_keepalive_connections": limits.max_keepalive_connections,
        "keepalive_expiry": limits.keepalive_expiry,
    }


def _of_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


def _of_httpx(
    answer: httpcore.Response, body: httpx.SyncByteStream | httpx.AsyncByteStream
) -> httpx.Response:
    # No redirect is followed, and httpx fails on an odd place before anybody sees the answer.
    headers = [(name, value) for name, value in answer.headers if name.lower() != b"location"]
    return httpx.Response(answer.status, headers=headers, stream=body, extensions=answer.extensions)


def _left(timeout: float | None, error: type[httpcore.TimeoutException]) -> float:
    """Seconds for the next wait. Raises the error where there are none."""
    left = _limit.get(_NONE).until - monotonic()
    if left <= 0:
        raise error("the time for this try is over")
    return left if timeout is None else min(timeout, left)


def _addresses(host: str, port: int) -> list[str]:
    """Raises ConnectError. How long the resolver takes is the system's to limit."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return [str(address[0]) for *_, address in found]


def _proxy_of(url: httpx.URL) -> httpcore.Proxy | None:
    found = getproxies()
    address = found.get(url.scheme) or found.get("all")
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    with_port = f"[{url.host}]:{port}" if ":" in url.host else f"{url.host}:{port}"
    if not address or proxy_bypass(url.host) or proxy_bypass(with_port):
        return None
    proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
    return httpcore.Proxy(str(proxy.url), auth=proxy.raw_auth)


@contextmanager
def _as_of_httpx() -> Iterator[None]:
    """The errors of httpcore have the names of those that httpx makes of them."""
    try:
        yield
    except _FAILURES as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
