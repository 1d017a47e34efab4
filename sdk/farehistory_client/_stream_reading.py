"""What a consumer of a group does next, with threads and with event loops: steps, which a reader carries out.

A step is what a call of Redis, a pause or the caller's function came to, or an awaitable of it: a reader of an event
loop awaits it and sends back what that came to. So both have one core, as both clients have.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

import redis

from farehistory_client import _json
from farehistory_client._codecs import Codecs
from farehistory_client._errors import FareHistoryError, Skipped
from farehistory_client._fares import FareEvent
from farehistory_client._retry import jittered
from farehistory_client._wire import event_of

R = TypeVar("R")
"""Redis's client."""

T = TypeVar("T")
Steps: TypeAlias = Generator[Any, Any, T]

PREFIX: Final = "farehistory:"

AWAY = (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError)
"""Also after a failover, on the server that is a replica now."""

REFUSED = redis.AuthenticationError
"""A ConnectionError, too, which no waiting mends."""

logger = logging.getLogger("farehistory_client")

LONGEST_PAUSE: Final = 5.0
"""Seconds between two tries to reach Redis."""

BRIEF: Final = 0.1
"""Seconds after which it is looked again whether another consumer is done."""


class LedgerRestored(FareHistoryError):
    """The ledger was restored from an older state: forget what you made of positions beyond it, and begin anew."""

    def __init__(self, partition: int, known: int, epoch: int) -> None:
        super().__init__(f"partition {partition}: epoch {epoch}, after events of epoch {known}")
        self.partition = partition
        self.known = known
        self.epoch = epoch

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.partition, self.known, self.epoch), self.__dict__


@dataclass(slots=True)
class _Partition:
    number: int
    key: str
    reached: int | None
    """Up to here every event was handed over and handled; None: not known."""
    kept: bool = False
    """Whether `reached` is the caller's word, and not yet compared with what the group was given."""
    open: bool = False
    """Whether nothing before what comes next is with anybody: else that is looked at first."""


@dataclass(frozen=True, slots=True)
class _Entry:
    partition: _Partition
    position: int
    text: str | bytes


class StreamReading(Generic[R]):
    """One consumer of a group."""

    _other_kind: type
    """Of Redis's client: its answers are not what this one's are, and one would stop the loop while it waits."""

    _sleep: Callable[[float], Any]
    _pause: Callable[[float], Any]
    """The same, but that tests may leave it out."""

    def __init__(
        self,
        client: R,
        group: str,
        consumer: str,
        *,
        partitions: str | Iterable[int] = "0-63",
        prefix: str = PREFIX,
        codecs: Codecs | None = None,
        start: Literal["kept", "new"] = "kept",
        reached: Mapping[int, int] | None = None,
        epoch: int | None = None,
        takeover: float = 60.0,
        batch: int = 100,
    ) -> None:
        """
        `consumer`: a name that this process has again when it is started again. `partitions`: its share, such
        as `share(0, of=4, partitions=64)`. `start`: of a group that is not there yet, with all that the stream
        keeps, or with what comes from now on. `reached`: the last position of each partition that you have
        kept, in one transaction with what you made of the event: then each event takes effect once. `epoch`:
        the one that you have kept, likewise. `takeover`: seconds after which what another consumer was given is
        taken from it; longer than you ever take for `batch` events.
        Raises TypeError for a client of Redis of the other kind.
        """
        if isinstance(client, self._other_kind):
            raise TypeError(f"a {type(self).__name__} cannot read by {client!r}")
        self._redis: Any = client
        self._group, self._consumer = group, consumer
        self._codecs = codecs or Codecs()
        self._start = start
        self._takeover = takeover
        self._batch = batch
        self._epoch = epoch
        known = reached or {}
        self._partitions = {
            n: _Partition(n, f"{prefix}stream:{n}", known.get(n), kept=n in known)
            for n in _numbers(partitions)
        }

    def _running(self, handle: Callable[[FareEvent], object], until: Callable[[], bool]) -> Steps[None]:
        failures = 0
        try:
            while not until():
                try:
                    entries = yield from self._next()
                    failures = 0
                except AWAY as error:
                    for each in (error, error.__cause__):  # of event loops, it may be within another
                        if isinstance(each, REFUSED):
                            raise each from None
                    if not failures:
                        logger.warning("Redis does not answer; it is tried again until it does: %r", error)
                    self._close_all()
                    failures += 1
                    yield self._pause(jittered(min(LONGEST_PAUSE, 0.1 * 2 ** min(failures, 10))))
                    continue
                for entry in entries:
                    yield from self._deliver(entry, handle)
        except BaseException:
            self._close_all()  # what we were given and did not handle is still with us, and comes first
            raise

    def _passing_over(self, partition: int, position: int) -> Steps[None]:
        of = self._partitions[partition]
        pending = yield from self._pending_up_to(of, position)
        yield self._redis.xack(of.key, self._group, *pending)
        if (yield from self._delivered(of)) < position:
            yield self._redis.xgroup_setid(of.key, self._group, f"{position}-0")
        of.reached, of.kept, of.open = max(of.reached or 0, position), False, False

    def _deliver(self, entry: _Entry, handle: Callable[[FareEvent], object]) -> Steps[None]:
        of = entry.partition
        event = self._event(entry)
        if of.reached is None or entry.position > of.reached:
            yield handle(event)
            of.reached = entry.position
        try:
            yield self._redis.xack(of.key, self._group, f"{entry.position}-0")
        except AWAY:
            of.open = False  # it comes again, and is known then

    def _event(self, entry: _Entry) -> FareEvent:
        document = _json.loads(entry.text)
        epoch = document["epoch"]
        if self._epoch is not None and epoch != self._epoch:
            raise LedgerRestored(entry.partition.number, self._epoch, epoch)
        self._epoch = epoch
        return event_of(document["data"], self._codecs)

    # What comes next

    def _next(self) -> Steps[list[_Entry]]:
        closed = [each for each in self._partitions.values() if not each.open]
        for each in closed:
            if entries := (yield from self._unfinished(each)):
                return entries
        reading = {each.key: each for each in self._partitions.values() if each.open}
        waiting = len(reading) < len(self._partitions)
        if not reading:
            yield self._sleep(BRIEF)
            return []
        try:
            answer = yield self._redis.xreadgroup(
                self._group,
                self._consumer,
                dict.fromkeys(reading, ">"),
                count=self._batch,
                block=int(1000 * (BRIEF if waiting else 1.0)),
            )
        except redis.ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            self._close_all()  # flushed, or made anew: the groups as well
            return []
        entries = []
        for key, found in answer.items() if isinstance(answer, dict) else answer or []:
            found = found[0] if isinstance(answer, dict) else found
            of = reading[_text(key)]
            new = [_Entry(of, _position(id), _event_field(fields)) for id, fields in found]
            entries += yield from self._following(of, new)
        return entries

    def _following(self, of: _Partition, new: list[_Entry]) -> Steps[list[_Entry]]:
        """Those of them that come right after what is done. Raises Skipped where the first does not."""
        if of.reached is None and not (yield from self._holds(of, 1, new[0].position - 1)):
            of.reached = new[0].position - 1  # nobody was given anything yet: what is kept is the beginning
        expected = 1 if of.reached is None else of.reached + 1
        for place, entry in enumerate(new):
            if entry.position > expected:
                if (yield from self._holds(of, expected, entry.position - 1)):
                    of.open = False  # another consumer of the group has them: its turn
                    return []
                yield from self._give_back(of, new[place:], expected - 1)
                if place:
                    return new[:place]
                raise Skipped(of.number, expected, entry.position)
            expected = max(expected, entry.position + 1)
        return new

    def _holds(self, of: _Partition, first: int, last: int) -> Steps[bool]:
        """Whether the stream has any of these positions."""
        return first <= last and bool((yield self._redis.xrange(of.key, f"{first}-0", f"{last}-0", count=1)))

    def _give_back(self, of: _Partition, new: list[_Entry], reached: int) -> Steps[None]:
        """As if it had not been read, so that what is missing is noticed again by whoever reads next."""
        yield self._redis.xgroup_setid(of.key, self._group, f"{reached}-0")
        yield self._redis.xack(of.key, self._group, *(f"{each.position}-0" for each in new))

    def _unfinished(self, of: _Partition) -> Steps[list[_Entry]]:
        """What was given out before, and not acknowledged, as far as it is ours to handle. Opens the partition where
        nothing is."""
        try:
            delivered = yield from self._delivered(of)
            pending = yield self._redis.xpending_range(of.key, self._group, "-", "+", self._batch)
        except redis.ResponseError as error:
            if not str(error).startswith(("NOGROUP", "no such key", "ERR no such key")):
                raise
            yield from self._create_group(of)
            return []
        if not pending:
            if of.kept and of.reached is not None and delivered > of.reached:
                raise Skipped(of.number, of.reached + 1, delivered + 1)  # acknowledged, and not kept
            if delivered:
                of.reached = max(of.reached or 0, delivered)
            of.kept, of.open = False, True
            return []
        ours: list[_Entry] = []
        for each in pending:  # in order, up to the first that somebody is busy with
            id, theirs = _text(each["message_id"]), _text(each["consumer"]) != self._consumer
            if theirs and not (yield from self._take(of, id)):
                break
            found = yield self._redis.xrange(of.key, id, id)
            if not found and not ours:
                raise Skipped(of.number, _position(id), None)
            if not found:
                break
            ours.append(_Entry(of, _position(id), _event_field(found[0][1])))
        return ours

    def _take(self, of: _Partition, id: str) -> Steps[bool]:
        """Whether it is ours now: nobody has said anything about it for `takeover` seconds."""
        if not (yield self._redis.xrange(of.key, id, id)):
            return True  # it is gone, and is not to be forgotten by claiming it
        idle = int(self._takeover * 1000)
        claimed = yield self._redis.xclaim(of.key, self._group, self._consumer, idle, [id], justid=True)
        return bool(claimed)

    def _pending_up_to(self, of: _Partition, position: int) -> Steps[list[str]]:
        pending = yield self._redis.xpending_range(of.key, self._group, "-", f"{position}-0", 1_000_000)
        return [_text(each["message_id"]) for each in pending] or [f"{position}-0"]

    def _delivered(self, of: _Partition) -> Steps[int]:
        """The last position that the group was given. Raises ResponseError where there is no group."""
        for each in (yield self._redis.xinfo_groups(of.key)):
            if _text(each["name"]) == self._group:
                return _position(each["last-delivered-id"])
        raise redis.ResponseError("NOGROUP")

    def _create_group(self, of: _Partition) -> Steps[None]:
        """Where we are; with a stream that we know nothing of, before the first entry that it keeps, or at its end."""
        place = f"{of.reached}-0" if of.reached is not None else "$"
        if of.reached is None and self._start == "kept":
            first = yield self._redis.xrange(of.key, count=1)
            place = f"{_position(first[0][0]) - 1}-0" if first else "0"
        try:
            yield self._redis.xgroup_create(of.key, self._group, id=place, mkstream=True)
        except redis.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):  # another consumer was faster
                raise

    def _close_all(self) -> None:
        for each in self._partitions.values():
            each.open = False


def _numbers(partitions: str | Iterable[int]) -> list[int]:
    if not isinstance(partitions, str):
        return sorted(set(partitions))
    numbers: set[int] = set()
    for part in partitions.split(","):
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return sorted(numbers)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _position(id: Any) -> int:
    return int(_text(id).partition("-")[0])


def _event_field(fields: Mapping[Any, Any]) -> str | bytes:
    found: str | bytes = fields["event"] if "event" in fields else fields[b"event"]
    return found
