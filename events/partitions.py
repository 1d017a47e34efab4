"""Which of the ledger's logs a booking lives in."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from django.db import connection


def partition_of(booking_id: str) -> int:
    """The partition of a booking: the first two bytes of SHA-256 of its id, big-endian, modulo their number."""
    return partition_among(booking_id, count())


def partition_among(booking_id: str, partitions: int) -> int:
    """The same of any ledger with that many partitions, without a database."""
    return int.from_bytes(sha256(booking_id.encode("ascii")).digest()[:2]) % partitions


@cache
def count() -> int:
    """How many partitions the ledger was created with. It cannot change, so it is read once per process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT partitions FROM ledger.ledger")
        (partitions,) = cursor.fetchone()
    return int(partitions)
