"""The fare events that are measured with: bookings of five events, as a ride's are, and their rows."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain, groupby
from typing import Any
from uuid import UUID, uuid4

import psycopg

from events import sql
from events.partitions import partition_of

PER_BOOKING = 5
BATCH = 1000

APPEND = sql.statement("append")

COLUMNS = (
    *("partition", "position", "schema", "booking_id", "version", "transaction_id", "type", "component"),
    *(
        "currency",
        "exponent",
        "amount",
        "fare",
        "change",
        "components",
        "component_amounts",
        "allow_negative",
    ),
    *("source", "origin", "corrects_version", "correction_id", "recorded_at", "occurred_at", "actor"),
    *("description", "metadata", "salt", "content_digest", "hash", "request_id", "key_id"),
)
"""What an append writes: every column but the generated one."""

_CHANGES = (  # type, component, minor units
    ("SET", "base_fare", 1400),
    ("ADD", "toll", 250),
    ("ADD", "waiting_fee", 120),
    ("SUB", "promo", 300),
    ("ADD", "tip", 200),
)
METADATA = '{"service":"pricing","zone":12,"distance_km":7.25,"quote_id":"q-20260503-140500-77"}'
_OPENING = '{"customer_ref":"CUST-%s","order_ref":"ORD-%s","service":"pricing","distance_km":7.25}'
_OCCURRED_AT = datetime(2026, 5, 3, 14, 5, tzinfo=UTC)
_REQUEST_ID, _KEY_ID = uuid4().hex, "fh_4d3c2b1a"
_HASHES = [os.urandom(32) for _ in range(3)]


@dataclass(frozen=True, slots=True)
class Change:
    """One change with all that its row says, so that both sides of a ratio write the same. Minor units."""

    booking_id: str
    transaction_id: UUID
    version: int
    type: str
    component: str
    amount: int
    change: int
    fare: int
    components: list[str]
    component_amounts: list[int]

    @property
    def metadata(self) -> str:
        """Of about one size always; a booking's first event names a customer, of some bookings each, and an order."""
        if self.version > 1:
            return METADATA
        return _OPENING % (self.booking_id[-4:], self.booking_id[-24:])

    @property
    def decimal(self) -> Decimal:
        """The amount as clients say it."""
        return Decimal(self.amount).scaleb(-2)


def booking(booking_id: str) -> Iterator[Change]:
    """The whole history of a booking."""
    components: list[str] = []
    amounts: list[int] = []
    for version, (kind, component, amount) in enumerate(_CHANGES, 1):
        moved = -amount if kind == "SUB" else amount
        components, amounts = [*components, component], [*amounts, moved]
        yield Change(
            booking_id, uuid4(), version, kind, component, amount, moved, sum(amounts), components, amounts
        )


def bookings() -> Iterator[Change]:
    """Booking after booking, without end."""
    while True:
        yield from booking(new_booking_id())


def new_booking_id() -> str:
    return f"BK-{uuid4().hex}"


def booking_ids(partitions: Container[int] | None = None) -> Iterator[str]:
    """New ids without end, of these partitions if they are given."""
    while True:
        booking_id = new_booking_id()
        if partitions is None or partition_of(booking_id) in partitions:
            yield booking_id


def append_values(
    changes: Sequence[Change], *, expected: Sequence[int | None] | None = None, partition: int | None = None
) -> list[Any]:
    """Values for `APPEND`, in the forms in which `events.ledger` binds them. All changes are of one partition.

    `expected` versions are those that the changes follow, if not given.
    """
    count = len(changes)
    return [
        partition_of(changes[0].booking_id) if partition is None else partition,
        *("pricing", "api", _REQUEST_ID, _KEY_ID),
        [change.booking_id for change in changes],
        [change.transaction_id for change in changes],
        [change.version - 1 for change in changes] if expected is None else list(expected),
        [change.type for change in changes],
        [change.component for change in changes],
        [change.decimal for change in changes],
        ["SGD"] * count,
        [2] * count,
        [False] * count,
        [_OCCURRED_AT] * count,
        [None] * count,
        [None] * count,
        [change.metadata for change in changes],
        [None] * count,
        [None] * count,
    ]


def row(change: Change, position: int, partition: int | None = None) -> list[Any]:
    """The values of `COLUMNS` that the append of this change writes; hashes are only of the right size."""
    return [
        *(partition_of(change.booking_id) if partition is None else partition, position, 1),
        *(change.booking_id, change.version, change.transaction_id, change.type, change.component, "SGD", 2),
        *(change.amount, change.fare, change.change, change.components, change.component_amounts, False),
        *("pricing", "api", None, None, datetime.now(UTC), _OCCURRED_AT, None, None, change.metadata),
        *_HASHES,
        *(_REQUEST_ID, _KEY_ID),
    ]


def some_bookings(connection: psycopg.Connection[Any], count: int) -> list[str]:
    """Ids of bookings that the view of current fares has."""
    rows = connection.execute(
        "SELECT booking_id FROM projection.current_fare ORDER BY booking_id LIMIT %s", [count]
    )
    return [booking_id for (booking_id,) in rows]


def fill(
    connection: psycopg.Connection[Any],
    events: int,
    *,
    spread: bool = False,
    partitions: Container[int] | None = None,
) -> None:
    """Appends so many events in batches: a booking's next to each other, or `spread` over the log."""
    ids = booking_ids(partitions)
    histories = [list(booking(next(ids))) for _ in range(max(1, events // PER_BOOKING))]
    passes = zip(*histories, strict=True) if spread else [chain.from_iterable(histories)]
    for changes in passes:
        for partition, batch in _by_partition(changes):
            append_all(connection, batch, partition)


def append_all(connection: psycopg.Connection[Any], changes: Sequence[Change], partition: int) -> None:
    """Appends these changes of one partition in one call. Raises RuntimeError if one is refused."""
    with psycopg.Cursor(connection) as cursor:
        cursor.execute(APPEND, append_values(changes, partition=partition))
        refused = [answer for answer in cursor.fetchall() if answer[1] != "appended"]
    if refused:
        raise RuntimeError(f"{len(refused)} of {len(changes)} were refused, the first: {refused[0][1]}")


def _by_partition(changes: Iterable[Change]) -> Iterator[tuple[int, list[Change]]]:
    """Batches of at most `BATCH` events; a booking's may fall into two."""
    partitions: dict[int, list[Change]] = defaultdict(list)
    for booking_id, its in groupby(changes, key=lambda change: change.booking_id):
        partitions[partition_of(booking_id)].extend(its)
    for partition, all_of_it in sorted(partitions.items()):
        for start in range(0, len(all_of_it), BATCH):
            yield partition, all_of_it[start : start + BATCH]
