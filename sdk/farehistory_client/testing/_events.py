"""Fare events made by hand, for tests of what handles them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from itertools import count
from typing import Any, Final
from uuid import UUID, uuid4

from farehistory_client._amounts import amount_of
from farehistory_client._codecs import Codecs
from farehistory_client._fares import FareEvent
from farehistory_client._kinds import EventType
from farehistory_client._wire import event_of
from farehistory_client.testing._currencies import EXPONENTS
from farehistory_client.testing._ledger import now, partition_of, time_text

_PARTITIONS: Final = 64
_positions = count(1)


def fare_event(
    booking_id: str = "BK-1001",
    *,
    version: int = 1,
    type: EventType = "SET",
    component: str = "base_fare",
    amount: Decimal | str | int = "14.00",
    currency: str = "SGD",
    metadata: Any = None,
    codecs: Codecs | None = None,
    fare: Decimal | str | int | None = None,
    components: Mapping[str, Decimal | str | int] | None = None,
    description: str | None = None,
    source: str = "pricing",
    actor: str | None = None,
    transaction_id: UUID | None = None,
    recorded_at: datetime | None = None,
    occurred_at: datetime | None = None,
    position: int | None = None,
) -> FareEvent:
    """An event as the platform would have answered it; what is not given is something that could be.

    `fare` and `components` (those after it) follow from its amount alone unless they are given: a whole history is had
    by appending to a `FakeServer` and taking its `events()`. Positions grow from one call to the next.
    Raises ValueError for a currency that is none, and for an amount with more decimals than it has.
    """
    codecs = codecs or Codecs()
    if currency not in EXPONENTS:
        raise ValueError(f"{currency!r} is no ISO 4217 currency with minor units")
    value = amount_of(amount)
    change = value.copy_negate() if type == "SUB" else value
    total = change if fare is None else Decimal(fare)
    parts = {component: total} if components is None else components
    recorded = recorded_at or now()
    position = next(_positions) if position is None else position
    document = {
        "booking_id": booking_id,
        "version": version,
        "transaction_id": str(transaction_id or uuid4()),
        "type": type,
        "component": component,
        "amount": _text(value, currency),
        "currency": currency,
        "exponent": EXPONENTS[currency],
        "allow_negative": False,
        "change": _text(change, currency),
        "fare": _text(total, currency),
        "components": {name: _text(Decimal(each), currency) for name, each in parts.items()},
        "description": description,
        "source": source,
        "actor": actor,
        "origin": "api",
        "metadata": codecs.metadata_of(component, type, metadata) or {},
        "erased": False,
        "corrects_version": None,
        "correction_id": None,
        "occurred_at": time_text(occurred_at or recorded),
        "recorded_at": time_text(recorded),
        "request_id": None,
        "partition": partition_of(booking_id, _PARTITIONS),
        "position": position,
        "hash": sha256(f"{booking_id} {version} {position}".encode()).hexdigest(),
    }
    return event_of(document, codecs)


def _text(amount: Decimal, currency: str) -> str:
    """With all decimals of the currency; nothing is rounded, and zero has no sign."""
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount")
    if -int(amount.as_tuple().exponent) > EXPONENTS[currency]:
        raise ValueError(f"{amount} has more decimals than {currency} has")
    return f"{amount:z.{EXPONENTS[currency]}f}"
