"""Keeps what is cached as new as the view: called with each page of events that the view has taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import redis

from projections.cache import link, stamps
from projections.cache.entries import key_of
from projections.cache.outage import outage
from projections.cache.reading import Document, settling

Rows = Callable[[Iterable[str]], Mapping[str, Document]]
"""Reads fares from the view; leaves out a booking that it does not have, or that is set aside."""


def follow(versions: Mapping[str, int], rows: Rows) -> None:
    """After this, what is cached of each booking is at least of its version, or nothing. Raises RedisError.

    Only bookings that somebody has read are touched: an import does not fill Redis. Who begins to read one after
    this has looked reads the view later still.
    """
    if outage.lasts():
        raise redis.ConnectionError("the cache failed a moment ago, and is left alone")
    try:
        with link.as_a_worker():
            cached = _cached(list(versions))
            if cached:
                _renew(cached, versions, rows(cached))
    except redis.RedisError as error:
        outage.begin(error)
        raise


def publish_generation() -> None:
    """Makes the era of the view's rows known to Redis. Best effort: the next sweep does so again."""
    if outage.lasts():
        return
    try:
        stamps.publish(stamps.era_of_view())
    except redis.RedisError as error:
        outage.begin(error)


def _cached(bookings: list[str]) -> list[str]:
    """Those that have a key."""
    keys = [key_of(booking_id) for booking_id in bookings]
    if not keys or not link.client().exists(*keys):
        return []
    with link.client().pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.exists(key)
        found = pipeline.execute()
    return [booking_id for booking_id, there in zip(bookings, found, strict=True) if there]


def _renew(bookings: list[str], versions: Mapping[str, int], rows: Mapping[str, Document]) -> None:
    stamp = stamps.current()
    puts: dict[str, tuple[Any, ...]] = {}
    removed = []
    for booking_id in bookings:
        row = rows.get(booking_id)
        its_stamp = None
        if row is not None and row.era is not None and row.version >= versions[booking_id]:
            its_stamp = stamps.for_rows_of(row.era, stamp)
        if row is None or its_stamp is None:
            removed.append(key_of(booking_id))
        else:
            puts[key_of(booking_id)] = settling(its_stamp, row)
    link.script("settle").on_each(puts)
    if removed:
        link.client().unlink(*removed)
