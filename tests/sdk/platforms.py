"""The fake and the real platform, and the synchronous and the asynchronous client, behind one face each."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
from farehistory_client import AsyncClient, Client
from farehistory_client._transport import bounded, bounded_async
from farehistory_client.testing import FakeServer

from tests.sdk.loops import Loop

SCOPES = ("fares:read", "fares:append", "feed:read")


@dataclass(frozen=True)
class Sent:
    """A request as it left the client."""

    method: str
    url: str
    body: bytes


@dataclass
class Wire(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """What lies between a client and a platform: it notes what is sent, and things can go wrong on it."""

    way: httpx.BaseTransport
    async_way: httpx.AsyncBaseTransport
    sent: list[Sent] = field(default_factory=list)
    faults: deque[httpx.Response | Exception | str] = field(default_factory=deque)

    def lose_answers(self, times: int = 1) -> None:
        self.faults.extend(["lost"] * times)

    def cut_connections(self, times: int = 1) -> None:
        """Before the request arrives, as far as the client can tell after it."""
        self.faults.extend([httpx.ReadError("cut")] * times)

    def refuse_connections(self, times: int = 1) -> None:
        self.faults.extend([httpx.ConnectError("refused")] * times)

    def answer(self, status: int, times: int = 1, **headers: str) -> None:
        """Somebody on the way answers, who is not the platform."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.faults.extend([httpx.Response(status, headers=names, text="<html>")] * times)

    def _fault(self, request: httpx.Request, body: bytes) -> httpx.Response | None:
        """An answer that is not the platform's; raises what is none at all."""
        self.sent.append(Sent(request.method, str(request.url), body))
        fault = self.faults.popleft() if self.faults and self.faults[0] != "lost" else None
        if isinstance(fault, Exception):
            raise fault
        return fault if isinstance(fault, httpx.Response) else None

    def _lost(self) -> None:
        if self.faults and self.faults[0] == "lost":
            self.faults.popleft()
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._fault(request, request.read())
        if answer is not None:
            return answer
        answer = self.way.handle_request(request)
        if self.faults:
            answer.read()
            self._lost()
        return answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._fault(request, await request.aread())
        if answer is not None:
            return answer
        answer = await self.async_way.handle_async_request(request)
        if self.faults:
            await answer.aread()
            self._lost()
        return answer


class InALoop:
    """An asynchronous client as if it were none: each call runs in an event loop of its own."""

    def __init__(self, client: AsyncClient, runner: Loop) -> None:
        self._client = client
        self._runner = runner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._client, name)

        def called(*arguments: Any, **named: Any) -> Any:
            result = call(*arguments, **named)
            return self._pulled(result) if hasattr(result, "__anext__") else self._runner.run(result)

        return called

    def _pulled(self, events: AsyncIterator[Any]) -> Iterator[Any]:
        async def following() -> Any:
            return await anext(events)

        while True:
            try:
                yield self._runner.run(following())
            except StopAsyncIteration:
                return

    def __repr__(self) -> str:
        return repr(self._client)


class Platform:
    """A platform, and clients of it of one kind. Closed, it closes them."""

    def __init__(self, url: str, key: Callable[..., str], wire: Wire, *, in_a_loop: bool) -> None:
        self.url = url
        self.key = key
        self.wire = wire
        self._in_a_loop = in_a_loop
        self._runner = Loop()
        self._async_clients: list[AsyncClient] = []
        self._clients: list[Client] = []

    def client(self, source: str = "pricing", *, key: str | None = None, **options: Any) -> Any:
        """A client of the kind that is tested; its requests go by `wire`."""
        rights = {name: options.pop(name) for name in ("scopes", "components") if name in options}
        key = key or self.key(source, **rights)
        if not self._in_a_loop:
            return self._kept(Client(self.url, key, http=self.wire, **options))
        client = AsyncClient(self.url, key, http=self.wire, **options)
        self._async_clients.append(client)
        return InALoop(client, self._runner)

    def other(self) -> Client:
        """A client of another service, which nothing happens to."""
        return self._kept(Client(self.url, self.key("tolls"), http=self.wire.way))

    def _kept(self, client: Client) -> Client:
        self._clients.append(client)
        return client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._async_clients:
            self._runner.run(client.aclose())
        for each in self._clients:
            each.close()
        self._runner.close()


def fake(server: FakeServer, *, in_a_loop: bool) -> Platform:
    def key(source: str, scopes: Any = SCOPES, components: Any = None) -> str:
        return server.key(source, scopes=scopes, components=components)

    return Platform(server.url, key, Wire(server.transport, server.transport), in_a_loop=in_a_loop)


def real(url: str, key: Callable[..., str], *, in_a_loop: bool) -> Platform:
    return Platform(url, key, Wire(bounded(url), bounded_async(url)), in_a_loop=in_a_loop)
