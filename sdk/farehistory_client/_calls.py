"""What a client can do, as steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias, TypeVar

from farehistory_client import _json, _times
from farehistory_client import _wire as wire
from farehistory_client._codecs import Codecs
from farehistory_client._diffs import Diff, diff_of
from farehistory_client._errors import (
    BatchRefused,
    FareHistoryError,
    Problem,
    TooLarge,
    UnknownBooking,
    Unsettled,
    VersionConflict,
    problem_of,
)
from farehistory_client._exchange import Doubt, exchange, is_last_word, unsettled_of
from farehistory_client._fares import Appended, Change, ExpectedVersion, Fare, FareEvent, Head, Page
from farehistory_client._retry import RETRIED, Retries, Spending, jittered
from farehistory_client._steps import Ask, Steps, Wait
from farehistory_client._wire import Answer, Body, Request, path_of

T = TypeVar("T")

Item: TypeAlias = tuple[str, Change, ExpectedVersion]
"""One append of a batch: booking id, change, expected version."""

Decision: TypeAlias = Change | Sequence[Change] | None
"""What an update comes to."""

MOST_ITEMS: Final = 1000
"""Of one batch."""

MOST_BYTES: Final = 2 * 1024 * 1024
"""Of one batch; the platform breaks off a connection on which much more comes, and nobody knew what became of it."""

MOST_BYTES_OF_ITEMS: Final = MOST_BYTES - 1024
"""Of several in one batch."""

LONGEST_PAUSE: Final = 1.0
"""Seconds between two tries of an update that others were faster than."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of one client."""

    timeout: float
    """Seconds for one try."""
    retries: Retries
    codecs: Codecs = field(default_factory=Codecs)

    # Writing

    def append(
        self,
        booking_id: str,
        change: Change,
        expected_version: ExpectedVersion,
        spending: Spending | None = None,
    ) -> Steps[Appended]:
        request = wire.append_request(booking_id, change, expected_version, self.codecs)
        return (yield from self.exchange(request, self._append_answer, spending))

    def dry_run(
        self, booking_id: str, change: Change, expected_version: ExpectedVersion
    ) -> Steps[dict[str, Any]]:
        request = wire.append_request(booking_id, change, expected_version, self.codecs, dry_run=True)
        document: dict[str, Any] = yield from self.exchange(request, Answer.json)
        return document

    def append_all(self, items: Sequence[Item], spending: Spending | None = None) -> Steps[list[Appended]]:
        """All or none."""
        if not items:
            return []
        request = wire.batch_request(self._bodies(items), atomic=True)
        return (yield from self.exchange(request, self._atomic_answer, spending))

    def append_many(self, items: Sequence[Item]) -> Steps[list[Appended | Problem]]:
        """Each for itself. What the platform could not settle is sent again, as long as a batch's budget allows."""
        return self._append_many(self._bodies(items))

    def _append_many(
        self, bodies: Sequence[Body], *, may_be_done: bool = False
    ) -> Steps[list[Appended | Problem]]:
        results: dict[int, Appended | Problem] = {}
        parts = list(_parts(bodies))  # raises what cannot be written as JSON before anything is sent
        try:
            for part in parts:
                yield from self._append_part(bodies, part, results, Doubt(may_be_done))
        except FareHistoryError as error:
            if (
                error.unsettled is not None or results
            ):  # whichever batch it was: settled, all of it is answered
                error.unsettled = unsettled_of(wire.batch_request(bodies, atomic=False))
            raise
        return [results[i] for i in range(len(bodies))]

    def _append_part(
        self,
        bodies: Sequence[Body],
        part: Sequence[int],
        results: dict[int, Appended | Problem],
        doubt: Doubt,
    ) -> Steps[None]:
        """One batch, until each of its items has an answer that is one, or the budget is used up."""
        spending, pending = Spending(self.retries), part
        while pending:
            request = wire.batch_request([bodies[i] for i in pending], atomic=False)
            try:
                _require_sendable(request)
                answers = yield from self.exchange(request, self._batch_answer, spending, doubt)
            except TooLarge as refusal:  # whatever else is said of a request is no item's
                if len(pending) > 1:
                    raise
                answers = [refusal]
            results |= dict(zip(pending, answers, strict=True))
            pending = [i for i in pending if _is_open(results[i])]
            doubt.may_be_done = doubt.may_be_done or bool(pending)
            wait = spending.wait_after_failure(None) if pending else None
            if wait is None:
                break
            spending.left_out((yield Wait(wait)))
        for i in part if doubt.may_be_done else ():
            result = results[i]
            if isinstance(result, Problem):
                is_open = not isinstance(result, TooLarge) and not is_last_word(result, bodies[i])
                again = wire.batch_request([bodies[i]], atomic=False)
                result.unsettled = unsettled_of(again) if is_open else None

    def settle(self, unsettled: Unsettled) -> Steps[list[Appended | Problem]]:
        """What the write would have answered; raises as that would have."""
        if not isinstance(unsettled, Unsettled):
            raise TypeError(f"settled is what an error has as `unsettled`, not {unsettled!r}")
        if unsettled.path == wire.BATCH:
            batch = _json.loads(unsettled.body)
            if not batch["atomic"]:  # may be more than one batch
                return (yield from self._append_many(batch["items"], may_be_done=True))
        request, doubt = Request("POST", unsettled.path, body=unsettled.body), Doubt(may_be_done=True)
        if unsettled.path == wire.BATCH:
            return (yield from self.exchange(request, self._batch_answer, doubt=doubt))
        return [(yield from self.exchange(request, self._append_answer, doubt=doubt))]

    def update(
        self, booking_id: str, decide: Callable[[Any], Any], *, attempts: int, whole: bool
    ) -> Steps[list[Appended]]:
        """Reads, asks, appends; what others did meanwhile is what is asked about next."""
        if attempts < 1:
            raise ValueError("an update needs one attempt at least")
        spending = Spending(self.retries)
        seen = yield from self._seen(booking_id, None, whole, spending)
        for attempt in range(1, attempts + 1):
            changes = _changes((yield Ask(decide, seen)))
            version = seen.version if seen is not None else 0
            try:
                return (yield from self._append_from(booking_id, changes, version, spending))
            except (VersionConflict, BatchRefused) as refusal:
                conflict = refusal.problem if isinstance(refusal, BatchRefused) else refusal
                if not isinstance(conflict, VersionConflict):
                    raise
                conflict.unsettled = refusal.unsettled
                if (
                    conflict.unsettled is not None
                ):  # what an earlier try says may yet be: nothing else is decided
                    raise conflict from None
                # Where a later change was refused, the fare that is told has those before it, which were taken back.
                is_first = not isinstance(refusal, BatchRefused) or refusal.index == 0
                current = conflict.current if is_first else None
                pause = jittered(min(LONGEST_PAUSE, 0.01 * 2 ** min(attempt, 10)))
                if attempt == attempts or spending.seconds_left <= pause:
                    raise conflict from None
            if current is None or current.version != version:
                spending.left_out((yield Wait(pause)))
                seen = yield from self._seen(booking_id, current, whole, spending)
            if seen is None or seen.version == version:  # nobody else wrote: one of the changes is in already
                raise conflict
        raise AssertionError("unreachable")

    def _append_from(
        self, booking_id: str, changes: Sequence[Change], version: int, spending: Spending
    ) -> Steps[list[Appended]]:
        if len(changes) == 1:
            return [(yield from self.append(booking_id, changes[0], version, spending))]
        items = [(booking_id, change, version + index) for index, change in enumerate(changes)]
        return (yield from self.append_all(items, spending))

    def _seen(self, booking_id: str, current: Head | None, whole: bool, spending: Spending) -> Steps[Any]:
        """The Head; or the Fare, of `current` or later, None where there is none yet."""
        if not whole and current is not None:
            return current
        least = 0 if current is None else current.version
        try:
            fare = yield from self.fare(booking_id, strong=True, min_version=least, spending=spending)
        except UnknownBooking:
            return None if whole else wire.UNKNOWN
        return fare if whole else fare.head

    # Reading

    def fare(
        self,
        booking_id: str,
        *,
        strong: bool = False,
        min_version: int = 0,
        spending: Spending | None = None,
    ) -> Steps[Fare]:
        parameters = {"consistency": "strong"} if strong else {}
        if min_version:
            parameters["min_version"] = str(min_version)
        return (yield from self._get(wire.fare_of, path_of("fares", booking_id), parameters, spending))

    def fare_as_of(
        self,
        booking_id: str,
        *,
        version: int | None,
        recorded_before: datetime | None,
        occurred_before: datetime | None,
    ) -> Steps[Fare]:
        parameters = {} if version is None else {"version": str(version)}
        if recorded_before is not None:
            parameters["recorded_before"] = _times.text_of(recorded_before, "recorded_before")
        if occurred_before is not None:
            parameters["occurred_before"] = _times.text_of(occurred_before, "occurred_before")
        if not parameters:
            raise ValueError("a fare as of when? Give a version or a time")
        return (yield from self._get(wire.fare_of, path_of("fares", booking_id), parameters))

    def history(self, booking_id: str, *, after_version: int, limit: int) -> Steps[Page]:
        parameters = {"after_version": str(after_version), "limit": str(limit)}
        path = path_of("fares", booking_id, "events")
        return (yield from self._get(lambda document: wire.page_of(document, self.codecs), path, parameters))

    def event(self, booking_id: str, version: int) -> Steps[FareEvent]:
        path = path_of("fares", booking_id, "events", str(version))
        return (yield from self._get(lambda document: wire.event_of(document, self.codecs), path, {}))

    def diff(self, booking_id: str, since: int | datetime, until: int | datetime, limit: int) -> Steps[Diff]:
        parameters = {"from": _state(since, "since"), "to": _state(until, "until"), "limit": str(limit)}
        path = path_of("fares", booking_id, "diff")
        return (yield from self._get(lambda document: diff_of(document, self.codecs), path, parameters))

    def receipt(self, booking_id: str, *, form: str, number: str | None) -> Steps[bytes]:
        parameters = {"format": form} | ({} if number is None else {"number": number})
        request = Request("GET", path_of("fares", booking_id, "receipt"), parameters, raw=True)
        return (yield from self.exchange(request, lambda answer: answer.body))

    def _get(
        self,
        read: Callable[[Any], T],
        path: str,
        parameters: dict[str, str],
        spending: Spending | None = None,
    ) -> Steps[T]:
        request = Request("GET", path, parameters)
        return (yield from self.exchange(request, lambda answer: read(answer.json()), spending))

    # What all have in common

    def exchange(
        self,
        request: Request,
        read: Callable[[Answer], T],
        spending: Spending | None = None,
        doubt: Doubt | None = None,
    ) -> Steps[T]:
        """See `_exchange`; without a spending, on a budget of its own."""
        return exchange(request, read, self.timeout, spending or Spending(self.retries), doubt or Doubt())

    def _bodies(self, items: Sequence[Item]) -> list[Body]:
        return [wire.item_body(*_checked_item(item), self.codecs) for item in items]

    def _append_answer(self, answer: Answer) -> Appended:
        return self._appended(answer.json(), answer.status == 200)

    def _atomic_answer(self, answer: Answer) -> list[Appended]:
        return [self._appended(each["event"], each["status"] == 200) for each in answer.json()["items"]]

    def _batch_answer(self, answer: Answer) -> list[Appended | Problem]:
        return [self._item(each) for each in answer.json()["items"]]

    def _appended(self, document: Any, replayed: bool) -> Appended:
        return Appended(wire.event_of(document, self.codecs), replayed)

    def _item(self, document: Any) -> Appended | Problem:
        if "event" in document:
            return self._appended(document["event"], document["status"] == 200)
        return problem_of(document["problem"], status=document["status"])


def _checked_item(item: Item) -> Item:
    if not isinstance(item, (tuple, list)) or len(item) != 3:
        raise TypeError(f"an item is (booking id, Change, expected version), not {item!r}")
    return item


def _require_sendable(batch: Request) -> None:
    """Raises TooLarge."""
    size = len(batch.body or b"")
    if size > MOST_BYTES:
        detail = f"The body has {size:,} bytes, a batch at most {MOST_BYTES:,}: it was not sent."
        raise TooLarge({"code": "too_large", "title": "The body is too large", "detail": detail}, status=413)


def _is_open(result: Appended | Problem) -> bool:
    return isinstance(result, Problem) and result.status in RETRIED


def _parts(bodies: Sequence[Body]) -> Iterator[list[int]]:
    """Batches that the platform takes, in order, as the places of their items."""
    part: list[int] = []
    size = 0
    for place, body in enumerate(bodies):
        length = len(_json.dumps(body)) + 1
        if part and (len(part) == MOST_ITEMS or size + length > MOST_BYTES_OF_ITEMS):
            yield part
            part, size = [], 0
        part.append(place)
        size += length
    if part:
        yield part


def _changes(decision: Decision) -> list[Change]:
    if decision is None:
        return []
    if isinstance(decision, Change):
        return [decision]
    changes = list(decision) if isinstance(decision, Iterable) else [decision]
    for change in changes:
        if not isinstance(change, Change):
            raise TypeError(f"an update's function returns Changes or None, not {change!r}")
    return changes


def _state(of: int | datetime, name: str) -> str:
    if isinstance(of, int) and not isinstance(of, bool):
        return str(of)
    if not isinstance(of, datetime):
        raise TypeError(f"{name} is a version or a datetime with its offset from UTC, not {of!r}")
    return _times.text_of(of, name)
