"""What a fare's key holds: a value `<stamp> <version> <document>`, or a lease `<stamp> - <token>`."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_hex
from typing import Final

from django.conf import settings

_LEASE: Final = b"-"


@dataclass(frozen=True, slots=True)
class Value:
    """A fare's document and its version."""

    version: int
    document: bytes


@dataclass(frozen=True, slots=True)
class Lease:
    """Somebody reads the view for this key. `entry`: what the key holds meanwhile."""

    entry: bytes


Entry = Value | Lease


def key_of(booking_id: str) -> str:
    return f"{settings.REDIS_PREFIX}fare:{booking_id}"


def parsed(entry: bytes | None, stamp: bytes) -> Entry | None:
    """What a key holds; None for nothing, and for what is of another stamp."""
    if entry is None:
        return None
    its_stamp, version, rest = entry.split(b" ", 2)
    if its_stamp != stamp:
        return None
    return Lease(entry) if version == _LEASE else Value(int(version), rest)


def value_entry(stamp: bytes, version: int, document: bytes) -> bytes:
    return b"%b %d %b" % (stamp, version, document)


def new_lease(stamp: bytes) -> Lease:
    """A lease that nobody else has."""
    return Lease(b"%b %b %b" % (stamp, _LEASE, token_hex(8).encode()))
