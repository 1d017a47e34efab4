"""The way of an eventual read: Redis in one round trip, else the view under a lease."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat
from time import monotonic, sleep
from typing import Any, Final

import redis
from django.conf import settings

from events.redis_commands import ask
from projections.cache import link, stamps
from projections.cache.counting import Outcome, count
from projections.cache.entries import Entry, Lease, Value, key_of, new_lease, parsed, value_entry
from projections.cache.outage import outage
from projections.cache.stamps import Era

LEASE_SECONDS: Final = 2.0
"""How long others leave a key to the reader that has its lease, if he never comes back."""

WAIT_SECONDS: Final = 0.1
"""How long a reader waits for what another one is reading."""

_PAUSES: Final = (0.002, 0.004, 0.008, 0.016)
"""Seconds between looks while waiting; the last is repeated."""


@dataclass(frozen=True, slots=True)
class Document:
    """A fare as the API answers it."""

    version: int
    body: bytes
    era: Era | None = None
    """Of the view's row that it was read from; None: from the ledger, or from the cache."""
    cached: bytes | None = None
    """As whoever reads it from the cache is answered, if that differs."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a look at the cache came to: a document, or what its reader has to know when he has read the view."""

    hit: Document | None = None
    stamp: bytes | None = None
    lease: Lease | None = None


def read(booking_id: str, least: int, load: Callable[[], Document]) -> Document:
    """The booking's fare: what is cached, if its version is at least `least`, or what `load` answers.

    What was loaded is cached, unless Redis does not take it; then it is answered all the same. Raises what `load`
    raises, and caches nothing.
    """
    seen = _look(booking_id, least)
    if seen.hit is not None:
        return seen.hit
    try:
        document = load()
    except Exception:
        _give_up(booking_id, seen)
        raise
    _settle(booking_id, seen, document)
    return document


def _look(booking_id: str, least: int) -> _Seen:
    if outage.lasts(booking_id):
        count(Outcome.ERROR)
        return _Seen()
    try:
        seen, outcome = _ask(key_of(booking_id), least)
    except redis.RedisError as error:
        outage.begin(error, booking_id)
        seen, outcome = _Seen(), Outcome.ERROR
    count(outcome)
    return seen


def _ask(key: str, least: int) -> tuple[_Seen, Outcome]:
    """Answers the value, or takes the lease, or waits for who has it. Raises RedisError."""
    stamp, entry = _entry(key)
    if not isinstance(entry, Value):
        return _ask_again(key, least, stamp, entry)
    return _found(entry, least, stamp, Outcome.HIT)


def _ask_again(key: str, least: int, stamp: bytes, entry: Entry | None) -> tuple[_Seen, Outcome]:
    """For a key without a value."""
    give_up_at = monotonic() + WAIT_SECONDS
    pauses = chain(_PAUSES, repeat(_PAUSES[-1]))
    while True:
        ours = new_lease(stamp)
        if entry is None:
            entry = _leased(key, stamp, ours)
        if isinstance(entry, Value):
            return _found(entry, least, stamp, Outcome.WAIT)
        if entry is None or entry == ours or monotonic() >= give_up_at:
            return _Seen(stamp=stamp, lease=entry), Outcome.MISS
        sleep(next(pauses))
        stamp, entry = _entry(key)


def _found(value: Value, least: int, stamp: bytes, outcome: Outcome) -> tuple[_Seen, Outcome]:
    if value.version < least:
        return _Seen(stamp=stamp), Outcome.MISS
    return _Seen(hit=Document(value.version, value.document)), outcome


def _entry(key: str) -> tuple[bytes, Entry | None]:
    """The stamp in force and what is valid under it, in one round trip: both are of one moment."""
    entry, published = ask(link.client(), "MGET", key, stamps.key())
    stamp = stamps.in_force(published)
    return stamp, parsed(entry, stamp)


def _leased(key: str, stamp: bytes, ours: Lease) -> Entry | None:
    """What the key holds after an attempt to take its lease; None if Redis has no room."""
    arguments = (stamp, ours.entry, int(LEASE_SECONDS * 1000))
    return parsed(link.script("lease")(key, *arguments), stamp)


def _settle(booking_id: str, seen: _Seen, document: Document) -> None:
    """Before a fare is answered that was read from the view: nothing older is cached from here on."""
    if outage.lasts(booking_id):
        return
    try:
        _put(key_of(booking_id), seen, document)
    except redis.RedisError as error:
        outage.begin(error, booking_id)


def _put(key: str, seen: _Seen, document: Document) -> None:
    stamp: bytes | None = seen.stamp or stamps.current()
    if stamp and document.era is not None:
        stamp = stamps.for_rows_of(document.era, stamp)
    if stamp is None:
        link.client().unlink(key)
        return
    # A lease of before is no proof: rows, server or trust have changed since it was taken.
    lease = seen.lease if stamp == seen.stamp else None
    link.script("settle")(key, *settling(stamp, document, lease))


def settling(stamp: bytes, document: Document, lease: Lease | None = None) -> tuple[Any, ...]:
    """The arguments of settle.lua."""
    entry = value_entry(stamp, document.version, document.cached or document.body)
    lasts = int(settings.FAREHISTORY_CACHE_SECONDS * 1000)
    return stamp, document.version, entry, lease.entry if lease else b"", lasts


def _give_up(booking_id: str, seen: _Seen) -> None:
    """Nothing was read: the next reader need not wait, and no key is left of a booking that nobody knows."""
    if seen.lease is None or outage.lasts():
        return
    try:
        link.client().unlink(key_of(booking_id))
    except redis.RedisError as error:
        outage.begin(error)
