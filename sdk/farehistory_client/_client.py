"""The client for threads: it carries out the steps of `_calls` and `_feed`, one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from inspect import isawaitable, iscoroutine
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
from farehistory_client._waits import wait

T = TypeVar("T")


class Client(BaseClient):
    """Appends fare events and reads fares. Safe to share among threads; close it, or use it in a `with`.

    `timeout`: seconds for one try. `retries`: the budget of a call over all its tries. `codecs`: types of metadata.
    `http`: httpx's transport, for tests and proxies. Every call raises `Problem` where the platform refuses,
    `Unanswered` where nobody answers within the budget; a write's error has `unsettled` if it may have been written.
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
        http: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(
            base_url, timeout=timeout, retries=retries, codecs=codecs, http=http, sends="handle_request"
        )
        options = transport.options(base_url, key, agent)
        self._own = None if http else transport.bounded(base_url)
        self._http = httpx.Client(**options, transport=http or self._own)
        self._process = os.getpid()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()

    def append(self, booking_id: str, change: Change, *, expected_version: ExpectedVersion) -> Appended:
        """Appends one event. `expected_version`: the version that you read, 0 for a new booking; `ANY`.

        A retry is the same event, also after a lost answer. Raises VersionConflict with the fare as it is, and is never
        repeated then.
        """
        return self._run(self._calls.append(booking_id, change, expected_version))

    def dry_run(
        self, booking_id: str, change: Change, *, expected_version: ExpectedVersion
    ) -> dict[str, Any]:
        """What an append would do now, as the platform tells it; raises what it would raise."""
        return self._run(self._calls.dry_run(booking_id, change, expected_version))

    def append_all(self, items: Sequence[Item]) -> list[Appended]:
        """Appends up to 100 events of any bookings, all or none. Raises BatchRefused with the first refused item."""
        return self._run(self._calls.append_all(items))

    def append_many(self, items: Sequence[Item]) -> list[Appended | Problem]:
        """Appends any number of events, each for itself, in batches; answers each in its place, also TooLarge for one
        that no batch can have.

        Where it raises, a batch was refused or not answered, and those after it were not sent: call it again with the
        same items, and what is in comes back as replayed.
        """
        return self._run(self._calls.append_many(items))

    def settle(self, unsettled: Unsettled) -> list[Appended | Problem]:
        """Sends a write again of which nobody knows whether it took effect: it has, once, when this returns."""
        return self._run(self._calls.settle(unsettled))

    @overload
    def update(
        self,
        booking_id: str,
        decide: Callable[[Head], Decision],
        *,
        attempts: int = ...,
        whole: Literal[False] = ...,
    ) -> list[Appended]: ...

    @overload
    def update(
        self,
        booking_id: str,
        decide: Callable[[Fare | None], Decision],
        *,
        attempts: int = ...,
        whole: Literal[True],
    ) -> list[Appended]: ...

    def update(
        self,
        booking_id: str,
        decide: Callable[[Any], Decision],
        *,
        attempts: int = UPDATES,
        whole: bool = False,
    ) -> list[Appended]:
        """Reads the booking, has `decide` say what to do about it, and appends that, if nobody was faster.

        If somebody was, `decide` is asked again, about the fare as it is by then, up to `attempts` times in all; so it
        may be called several times, and does nothing but decide. It gets the `Head`, version 0 of a booking without
        events; with `whole` the `Fare` with its components, None of such a booking, which costs a read after each
        conflict. It returns a Change, several (appended all or none), or None for nothing.
        """
        return self._run(self._calls.update(booking_id, decide, attempts=attempts, whole=whole))

    def fare(self, booking_id: str, *, strong: bool = False, min_version: int = 0) -> Fare:
        """What the booking costs. Usually a moment old; `min_version` reads your own write, `strong` the ledger."""
        return self._run(self._calls.fare(booking_id, strong=strong, min_version=min_version))

    def fare_as_of(
        self,
        booking_id: str,
        *,
        version: int | None = None,
        recorded_before: datetime | None = None,
        occurred_before: datetime | None = None,
    ) -> Fare:
        """The fare of the events that meet all of these bounds: a version; what was known, what had happened, then."""
        steps = self._calls.fare_as_of(
            booking_id, version=version, recorded_before=recorded_before, occurred_before=occurred_before
        )
        return self._run(steps)

    def history(self, booking_id: str, *, after_version: int = 0, limit: int = 100) -> Page:
        """A part of the booking's events, oldest first."""
        return self._run(self._calls.history(booking_id, after_version=after_version, limit=limit))

    def event(self, booking_id: str, version: int) -> FareEvent:
        """One event."""
        return self._run(self._calls.event(booking_id, version))

    def diff(
        self, booking_id: str, since: int | datetime, until: int | datetime, *, limit: int = 100
    ) -> Diff:
        """What changed between two versions or times."""
        return self._run(self._calls.diff(booking_id, since, until, limit))

    def receipt(
        self, booking_id: str, *, form: Literal["json", "html", "pdf"] = "json", number: str | None = None
    ) -> bytes:
        """The breakdown as a person reads it: the newest receipt, or the one of this number."""
        return self._run(self._calls.receipt(booking_id, form=form, number=number))

    def feed(
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
    ) -> Iterator[FareEvent]:
        """Every event after the cursor, for as long as it is read; see `feed_pages`.

        `checkpoint` is given the cursor when all events of a page have been taken, and the next one is asked for: an
        event that was taken may come again after a crash, none is left out.
        """
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
        for page in pages:
            yield from page.events
            if checkpoint is not None:
                done_at_once(checkpoint(page.cursor), "checkpoint")

    def feed_pages(
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
    ) -> Iterator[FeedPage]:
        """The pages of the feed, with their cursors: keep one with what you made of its events.

        `after`: a cursor, None for the start, `TAIL` for what comes from now on; instead of it `since`, for what was
        recorded at that time or later. `partitions`: a share of the work
        (`share`). Filters: events that have one of the values. `wait`: seconds, at most 30, that an empty page waits
        for an event. Goes on through restarts of the platform; ends only with `until_caught_up`. Raises Skipped where
        an event is missing, CursorInvalid where the ledger is not the one that the cursor is of.
        """
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
            page = self._run(following.next_page())
            following.passed(page)
            yield page
            if until_caught_up and page.caught_up:
                return

    def _run(self, steps: Steps[T]) -> T:
        answer: Any = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as end:
                result: T = end.value
                return result
            answer = self._done(step)

    def _done(self, step: Step) -> Any:
        if isinstance(step, Send):
            return self._sent(step)
        if isinstance(step, Ask):
            return done_at_once(step.function(step.argument), "an update's function")
        return wait(step.seconds)

    def _sent(self, step: Send) -> Reply:
        if self._process != os.getpid():  # forked: its connections are the other process's, too
            self._connect_anew()
            self._process = os.getpid()
        try:
            return transport.sent(self._http, step)
        except BaseException:
            # Of a signal's handler or a soft time limit, wherever httpcore was: a connection may be in use for ever.
            self._connect_anew()
            raise

    def _connect_anew(self) -> None:
        if self._own:
            self._own.connect_anew()


def done_at_once(result: T, name: str) -> T:
    """Raises TypeError for what nobody would await: it would not be done."""
    if isawaitable(result):
        if iscoroutine(result):
            result.close()
        raise TypeError(f"{name} is a coroutine, which is for an AsyncClient")
    return result
