"""A fare event as a CloudEvent 1.0 in its JSON format: what a stream's entry carries."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from events.api.representation import event_as_json, time_as_json
from events.event import FareEvent
from events.feed import Identity

TYPE: Final = "farehistory.fare_event.appended.v1"


def cloud_event(event: FareEvent, ledger: Identity) -> bytes:
    """JSON in UTF-8. `source` and `id` together are unique for ever: positions are given out once an epoch."""
    body: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{ledger.epoch}-{event.partition}-{event.position}",
        "source": source_of(ledger),
        "type": TYPE,
        "subject": event.booking_id,
        "time": time_as_json(event.recorded_at),
        "datacontenttype": "application/json",
        "epoch": ledger.epoch,
        "partition": event.partition,
        "position": event.position,
        # A string that sorts like the number, as the specification's extension of this name asks for.
        "sequence": f"{event.version:010}",
        "data": event_as_json(event),
    }
    return msgspec.json.encode(body)


def source_of(ledger: Identity) -> str:
    """The ledger as a URI, such as urn:uuid:6f9c…"""
    return f"urn:uuid:{ledger.ledger_id}"


class Origin(msgspec.Struct):
    """What tells which ledger, epoch and moment a CloudEvent is of; the rest of it is skipped."""

    source: str
    epoch: int
    time: str


def origin_of(text: str) -> Origin:
    """Read back from an entry. Raises msgspec.ValidationError, msgspec.DecodeError for what is not ours."""
    return msgspec.json.decode(text, type=Origin)
