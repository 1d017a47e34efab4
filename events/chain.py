"""The hash chain, computed from its documented text (docs/hashing.md), apart from the database's own code.

Each partition's log is one chain: an event's hash covers the hash before it, so a changed, missing, swapped or
added event shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

GENESIS: Final = bytes(32)
"""The hash before the first event of a log."""

FIELDS: Final = (
    "schema",
    "partition",
    "position",
    "booking_id",
    "version",
    "transaction_id",
    "type",
    "component",
    "currency",
    "exponent",
    "amount",
    "fare",
    "allow_negative",
    "source",
    "origin",
    "corrects_version",
    "correction_id",
    "recorded_at",
    "occurred_at",
    "content_digest",
)
"""What a hash covers, in its order."""


def content_digest(*, salt: bytes, actor: str | None, description: str | None, metadata: str | None) -> bytes:
    """SHA-256 of the salt and the three erasable texts, a line each; absent is empty."""
    lines = "".join(f"{text or ''}\n" for text in (actor, description, metadata))
    return sha256(salt + lines.encode("utf-8")).digest()


def canonical_text(fields: Mapping[str, Any]) -> str:
    """The text that a hash covers: a line `name=value` for each field, in the documented order.

    `fields` has the columns of `ledger.fare_event`, amounts in minor units, `content_digest` as bytes.
    """
    return "".join(f"{name}={_value(fields[name])}\n" for name in FIELDS)


def event_hash(previous: bytes, fields: Mapping[str, Any]) -> bytes:
    """SHA-256 of the log's previous hash and the event's canonical text."""
    return sha256(previous + canonical_text(fields).encode("utf-8")).digest()


def _value(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            return str(value)
