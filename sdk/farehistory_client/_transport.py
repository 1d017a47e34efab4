"""Requests by httpx: the only place that sends."""

from __future__ import annotations

import asyncio
import re
import ssl
from time import monotonic
from typing import Any, Final

import httpx

from farehistory_client._bounded import AsyncTransport, Limit, Transport, within
from farehistory_client._steps import NoAnswer, Reply, Send
from farehistory_client._wire import PREFIX, Answer

CONNECT_WITHIN: Final = 1.0
"""Seconds."""

NO_CONNECTION_AFTER: Final = 0.9
"""Of the time of a try: before all of it is over, so that it is known that the request was not sent."""

FAILURES: Final = (httpx.TransportError, httpx.DecodingError, ssl.SSLError)
"""What became of the request is not known."""

NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Of these, that nothing became of it."""

LIMITS: Final = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=5.0)
"""Of one client, in each event loop.

The platform closes a connection that nothing comes on for 30 s: ours are given up long before.
"""

TOO_LATE: Final = "the answer did not end in time"

_VISIBLE: Final = re.compile(r"[!-~]+")


def options(base_url: str, key: str, agent: str) -> dict[str, Any]:
    """Of either kind of httpx's client."""
    if not _VISIBLE.fullmatch(key or ""):  # never shown, not even a wrong one
        raise ValueError("the API key is empty, or has spaces, line ends or other characters that no key has")
    url = httpx.URL(base_url)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError('the address of the platform begins with "https://" or "http://"')
    if url.userinfo or url.query or url.fragment:
        raise ValueError("the address of the platform has no user, password, query or fragment")
    return {
        "base_url": base_url.rstrip("/") + PREFIX,
        "headers": {"Authorization": f"Bearer {key}", "User-Agent": agent, "Accept": "*/*"},
        "follow_redirects": False,
    }


def arguments(step: Send) -> dict[str, Any]:
    """Of httpx's `request`."""
    request = step.request
    headers = dict(request.headers)
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    return {
        "method": request.method,
        "url": request.path,
        "params": dict(request.parameters),
        "content": request.body,
        "headers": headers,
        "timeout": httpx.Timeout(
            step.within, connect=min(CONNECT_WITHIN, step.within), pool=NO_CONNECTION_AFTER * step.within
        ),
    }


def bounded(base_url: str) -> Transport:
    """The way of threads, where none is given."""
    return Transport(base_url, LIMITS)


def bounded_async(base_url: str) -> AsyncTransport:
    """The way of event loops, where none is given."""
    return AsyncTransport(base_url, LIMITS)


def sent(client: httpx.Client, step: Send) -> Reply:
    end = monotonic() + step.within
    body = bytearray()
    try:
        with within(Limit(end)), client.stream(**arguments(step)) as response:
            for part in response.iter_bytes():
                body += part
                if monotonic() > end:  # also of a transport that was given
                    raise httpx.ReadTimeout(TOO_LATE)
    except FAILURES as error:
        return _no_answer(error)
    except RuntimeError as error:
        return _none_ever(client, error)
    return _answer_of(response, body)


async def sent_async(
    client: httpx.AsyncClient, step: Send, left_alone: set[asyncio.Task[Reply]], *, interrupted: bool
) -> Reply:
    """Cancelled, it leaves what is under way to end by itself, in time, and puts it in `left_alone` until then.

    What only reads ends at once. Cancelled within httpcore, a request would keep its connection for ever.
    `interrupted`: whether that is done all the same when its time is over, since the transport may know no such limit.
    """
    limit = Limit(monotonic() + step.within)
    exchange = asyncio.create_task(_exchanged(client, step, limit, interrupted))
    try:
        await asyncio.wait([exchange])
    except BaseException:
        left_alone.add(exchange)
        if not step.request.writes:
            limit.end_now()
        exchange.add_done_callback(left_alone.discard)
        exchange.add_done_callback(_nobody_asks)
        raise
    return exchange.result()


async def ended(exchanges: set[asyncio.Task[Reply]]) -> None:
    """Cancels those of this event loop: nobody asks for them, and their connections are closed."""
    loop = asyncio.get_running_loop()
    here = [each for each in list(exchanges) if each.get_loop() is loop]
    for each in here:
        each.cancel()
    await asyncio.gather(*here, return_exceptions=True)


def _nobody_asks(exchange: asyncio.Task[Reply]) -> None:
    if not exchange.cancelled():
        exchange.exception()  # else asyncio logs that it was never retrieved


async def _exchanged(client: httpx.AsyncClient, step: Send, limit: Limit, interrupted: bool) -> Reply:
    timeout = step.within if interrupted else None
    try:
        with within(limit):
            async with asyncio.timeout(timeout), client.stream(**arguments(step)) as response:
                body = await response.aread()
    except FAILURES as error:
        return _no_answer(error)
    except TimeoutError:
        return _no_answer(httpx.ReadTimeout(TOO_LATE))
    except RuntimeError as error:
        return _none_ever(client, error)
    return _answer_of(response, body)


def _answer_of(response: httpx.Response, body: bytes | bytearray) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, bytes(body))


def _no_answer(error: Exception) -> NoAnswer:
    return NoAnswer(error, was_sent=not isinstance(error, NEVER_SENT))


def _none_ever(client: httpx.Client | httpx.AsyncClient, error: RuntimeError) -> NoAnswer:
    """Of a client that was closed, perhaps while a call had a try to go. Raises the error of another."""
    if not client.is_closed:
        raise error
    return NoAnswer(error, was_sent=False, ends=True)
