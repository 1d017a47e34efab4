"""The way of threads to the platform: httpx's, made so that nothing on it waits longer than a try has time left.

httpx's limits are of each part that comes or goes. A server that sends its headers byte by byte, says for ever that it
is still at work (102), or takes a large body in little by little would keep a try as long as it likes. An event loop
can end such a wait from outside; here each one is given the time that is left.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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

_until: ContextVar[float] = ContextVar("until", default=float("inf"))


@contextmanager
def until(instant: float) -> Iterator[None]:
    """Within, this thread's waits end at this time of the monotonic clock, as timeouts of httpx."""
    token = _until.set(instant)
    try:
        yield
    finally:
        _until.reset(token)


class Transport(httpx.BaseTransport):
    """`httpx.HTTPTransport`, which has no way to be given a network."""

    def __init__(self, url: str, limits: httpx.Limits) -> None:
        """`url`: of the platform; a proxy that the environment names for it is used."""
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            proxy=_proxy_of(httpx.URL(url)),
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_Network(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        with _as_of_httpx():
            answer = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(
                        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions
        )

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


def _left(timeout: float | None, error: type[httpcore.TimeoutException]) -> float:
    """Seconds for the next wait. Raises the error where there are none."""
    left = _until.get() - monotonic()
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
    if not address or proxy_bypass(url.host):
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
