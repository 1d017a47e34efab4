"""Reading fares: from the view that follows the ledger, by way of the cache, or from the ledger itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from django.db import connection

from events import history
from events.errors import UnknownBooking, UnknownEvent
from events.money import from_minor
from events.new_event import BOOKING_ID
from events.partitions import partition_of
from projections import cache, sql
from projections.cache import Document, Era
from projections.fare import Consistency, Fare, document_of


def fare_document(
    booking_id: str, *, consistency: Consistency = "eventual", min_version: int = 0
) -> Document:
    """The booking's fare, of `min_version` or later, with its version, as the API answers it.

    An eventual read is answered from the cache or the view; by the ledger where the view is behind: without the
    version asked for, or the booking. Raises UnknownBooking; UnknownEvent if the ledger itself has not come to
    `min_version`.
    """
    if consistency == "eventual" and BOOKING_ID.fullmatch(booking_id):
        found = cache.read(booking_id, min_version, partial(_load, booking_id))
        if found.version >= min_version:
            return found
    fare = _at_least(min_version, fare_in_ledger(booking_id))
    return Document(fare.version, document_of(fare))


def fare(booking_id: str, *, consistency: Consistency = "eventual", min_version: int = 0) -> Fare:
    """The same for callers in this process, past the cache."""
    if consistency == "eventual":
        seen = fare_in_view(booking_id)
        if seen is not None and seen.version >= min_version:
            return seen
    return _at_least(min_version, fare_in_ledger(booking_id))


def fare_in_view(booking_id: str) -> Fare | None:
    """The fare as the projection has it; None if it does not have the booking (yet), or has set it aside."""
    if not BOOKING_ID.fullmatch(booking_id):
        return None  # no booking can have such an id
    rows = _rows_in_view(partition_of(booking_id), [booking_id])
    return _fare_of(rows[0]) if rows else None


def documents_in_view(partition: int, bookings: Iterable[str]) -> dict[str, Document]:
    """The fares of some bookings of one partition, ready to be cached; those that the view has."""
    return {row[0]: _document(row) for row in _rows_in_view(partition, list(bookings))}


def fare_in_ledger(booking_id: str) -> Fare:
    """The fare after the ledger's last event of the booking. Raises UnknownBooking."""
    head = history.head_of(booking_id)
    if head is None:
        raise UnknownBooking(f"the ledger has no event of booking {booking_id!a}")
    first = head if head.version == 1 else history.event_of(booking_id, 1)
    return Fare(
        booking_id=booking_id,
        fare=head.fare,
        currency=head.currency,
        exponent=head.exponent,
        version=head.version,
        components=head.components,
        events=head.version,
        first_recorded_at=first.recorded_at,
        recorded_at=head.recorded_at,
        occurred_at=head.occurred_at,
        consistency="strong",
    )


def _load(booking_id: str) -> Document:
    """What is answered, and cached, where the cache has nothing."""
    rows = _rows_in_view(partition_of(booking_id), [booking_id])
    if rows:
        return _document(rows[0])
    fare = fare_in_ledger(booking_id)
    later = replace(fare, consistency="eventual")
    return Document(fare.version, document_of(fare), cached=document_of(later))


def _at_least(min_version: int, fare: Fare) -> Fare:
    if fare.version < min_version:
        raise UnknownEvent(
            f"booking {fare.booking_id} is at version {fare.version}, not yet at {min_version}"
        )
    return fare


def _rows_in_view(partition: int, bookings: Sequence[str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.statement("fares_in_view"), {"partition": partition, "bookings": list(bookings)})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _document(row: Sequence[Any]) -> Document:
    fare = _fare_of(row)
    return Document(fare.version, document_of(fare), Era.of(*row[-3:]))


def _fare_of(row: Sequence[Any]) -> Fare:
    booking_id, version, minor, currency, exponent, names, amounts, first, last, occurred_at, *_ = row
    components = (from_minor(amount, exponent) for amount in amounts)
    return Fare(
        booking_id=booking_id,
        fare=from_minor(minor, exponent),
        currency=currency,
        exponent=exponent,
        version=version,
        components=dict(zip(names, components, strict=True)),
        events=version,  # versions have no gaps
        first_recorded_at=first,
        recorded_at=last,
        occurred_at=occurred_at,
        consistency="eventual",
    )
