"""The client for event loops: it awaits the steps of `_calls` and `_feed`, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from inspect import isawaitable
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, overload

import httpx

from farehistory_client import _transport as transport
from farehistory_client._base_client import AGENT, TIMEOUT, UPDATES, BaseClient
from farehistory_client._calls import Decision, Item
from farehistory_client._codecs import Codecs
from farehistory_client._diffs import Diff
from farehistory_client._errors import Problem, Unsettled
from farehistory_client._fares import Appended, Change, ExpectedVersion, Fare, FareEvent, Head, Page
from farehistory_client._feed import FeedPage
from farehistory_client._retry import Retries
from farehistory_client._steps import Ask, Reply, Send, Step, Steps
from farehistory_client._waits import wait_async

T = TypeVar("T")


class AsyncClient(BaseClient):
    """`Client` for an event loop of asyncio: the same calls, awaited; an update's function may be a coroutine.

    Safe to share among event loops. A call that is cancelled ends at once; its request may still take effect.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float = TIMEOUT,
        retries: Retries | None = None,
        codecs: Codecs | None = None,
        agent: str = AGENT,
        http: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(
            base_url, timeout=timeout, retries=retries, codecs=codecs, http=http, sends="handle_async_request"
        )
        options = transport.options(base_url, key, agent)
        self._http = httpx.AsyncClient(**options, transport=http or transport.bounded_async(base_url))
        self._interrupted = http is not None
        self._left_alone: set[asyncio.Task[Reply]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Ends the client, for all event loops; connections of others than this are closed when these end."""
        await transport.ended(self._left_alone)
        await self._http.aclose()

    async def append(self, booking_id: str, change: Change, *, expected_version: ExpectedVersion) -> Appended:
        """See `Client.append`."""
        return await self._run(self._calls.append(booking_id, change, expected_version))

    async def dry_run(
        self, booking_id: str, change: Change, *, expected_version: ExpectedVersion
    ) -> dict[str, Any]:
        """See `Client.dry_run`."""
        return await self._run(self._calls.dry_run(booking_id, change, expected_version))

    async def append_all(self, items: Sequence[Item]) -> list[Appended]:
        """See `Client.append_all`."""
        return await self._run(self._calls.append_all(items))

    async def append_many(self, items: Sequence[Item]) -> list[Appended | Problem]:
        """See `Client.append_many`."""
        return await self._run(self._calls.append_many(items))

    async def settle(self, unsettled: Unsettled) -> list[Appended | Problem]:
        """See `Client.settle`."""
        return await self._run(self._calls.settle(unsettled))

    @overload
    async def update(
        self,
        booking_id: str,
        decide: Callable[[Head], Decision | Awaitable[Decision]],
        *,
        attempts: int = ...,
        whole: Literal[False] = ...,
    ) -> list[Appended]: ...

    @overload
    async def update(
        self,
        booking_id: str,
        decide: Callable[[Fare | None], Decision | Awaitable[Decision]],
        *,
        attempts: int = ...,
        whole: Literal[True],
    ) -> list[Appended]: ...

    async def update(
        self,
        booking_id: str,
        decide: Callable[[Any], Decision | Awaitable[Decision]],
        *,
        attempts: int = UPDATES,
        whole: bool = False,
    ) -> list[Appended]:
        """See `Client.update`."""
        return await self._run(self._calls.update(booking_id, decide, attempts=attempts, whole=whole))

    async def fare(self, booking_id: str, *, strong: bool = False, min_version: int = 0) -> Fare:
        """See `Client.fare`."""
        return await self._run(self._calls.fare(booking_id, strong=strong, min_version=min_version))

    async def fare_as_of(
        self,
        booking_id: str,
        *,
        version: int | None = None,
        recorded_before: datetime | None = None,
        occurred_before: datetime | None = None,
    ) -> Fare:
        """See `Client.fare_as_of`."""
        steps = self._calls.fare_as_of(
            booking_id, version=version, recorded_before=recorded_before, occurred_before=occurred_before
        )
        return await self._run(steps)

    async def history(self, booking_id: str, *, after_version: int = 0, limit: int = 100) -> Page:
        """See `Client.history`."""
        return await self._run(self._calls.history(booking_id, after_version=after_version, limit=limit))

    async def event(self, booking_id: str, version: int) -> FareEvent:
        """See `Client.event`."""
        return await self._run(self._calls.event(booking_id, version))

    async def diff(
        self, booking_id: str, since: int | datetime, until: int | datetime, *, limit: int = 100
    ) -> Diff:
        """See `Client.diff`."""
        return await self._run(self._calls.diff(booking_id, since, until, limit))

    async def receipt(
        self, booking_id: str, *, form: Literal["json", "html", "pdf"] = "json", number: str | None = None
    ) -> bytes:
        """See `Client.receipt`."""
        return await self._run(self._calls.receipt(booking_id, form=form, number=number))

    async def feed(
        self,
        *,
        after: str | None = None,
        since: datetime | None = None,
        partitions: str | None = None,
        component: Iterable[str] = (),
        source: Iterable[str] = (),
        type: Iterable[str] = (),
        limit: int = 500,
        wait: int = 30,
        checkpoint: Callable[[str], object] | None = None,
        until_caught_up: bool = False,
    ) -> AsyncIterator[FareEvent]:
        """See `Client.feed`; `checkpoint` may be a coroutine."""
        pages = self.feed_pages(
            after=after,
            since=since,
            partitions=partitions,
            component=component,
            source=source,
            type=type,
            limit=limit,
            wait=wait,
            until_caught_up=until_caught_up,
        )
        async for page in pages:
            for event in page.events:
                yield event
            if checkpoint is not None:
                done = checkpoint(page.cursor)
                if isawaitable(done):
                    await done

    async def feed_pages(
        self,
        *,
        after: str | None = None,
        since: datetime | None = None,
        partitions: str | None = None,
        component: Iterable[str] = (),
        source: Iterable[str] = (),
        type: Iterable[str] = (),
        limit: int = 500,
        wait: int = 30,
        until_caught_up: bool = False,
    ) -> AsyncIterator[FeedPage]:
        """See `Client.feed_pages`."""
        following = self._following(
            after=after,
            since=since,
            partitions=partitions,
            component=component,
            source=source,
            type=type,
            limit=limit,
            wait=wait,
            until_caught_up=until_caught_up,
        )
        while True:
            page = await self._run(following.next_page())
            following.passed(page)
            yield page
            if until_caught_up and page.caught_up:
                return

    async def _run(self, steps: Steps[T]) -> T:
        answer: Any = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as end:
                result: T = end.value
                return result
            answer = await self._done(step)

    async def _done(self, step: Step) -> Any:
        if isinstance(step, Send):
            return await transport.sent_async(
                self._http, step, self._left_alone, interrupted=self._interrupted
            )
        if isinstance(step, Ask):
            answer = step.function(step.argument)
            return await answer if isawaitable(answer) else answer
        return await wait_async(step.seconds)
