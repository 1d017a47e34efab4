"""Histories without a database: the events that the ledger would store, for the pure parts of the read side."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from events.event import EventType, FareEvent, Origin
from events.money import exponent_of
from tests.properties import strategies

AT = datetime(2026, 11, 3, 12, 30, tzinfo=UTC)


def history_of(*changes: dict[str, Any], source: str = "pricing") -> list[FareEvent]:
    """The events of one booking, made of `set_`, `add` and `sub` of the builders; the first names the currency."""
    currency = changes[0]["currency"]
    events: list[FareEvent] = []
    for version, change in enumerate(changes, start=1):
        events.append(_event(events, version, change, currency, source))
    return events


def _event(
    events: list[FareEvent], version: int, change: dict[str, Any], currency: str, source: str
) -> FareEvent:
    before = events[-1].fare if events else Decimal(0)
    components = _components(dict(events[-1].components) if events else {}, change)
    fare = sum(components.values(), Decimal(0))
    return FareEvent(
        partition=0,
        position=version,
        booking_id="BK-1",
        version=version,
        transaction_id=UUID(int=version),
        type=EventType(change["type"]),
        component=change["component"],
        currency=currency,
        exponent=exponent_of(currency),
        amount=Decimal(change["amount"]),
        fare=fare,
        change=fare - before,
        components=components,
        allow_negative=True,
        source=change.get("source", source),
        origin=Origin.API,
        actor=change.get("actor"),
        description=change.get("description"),
        metadata_text="{}",
        corrects_version=None,
        correction_id=None,
        recorded_at=AT,
        occurred_at=AT,
        hash=bytes(32),
        request_id=None,
        key_id=None,
    )


def _components(components: dict[str, Decimal], change: dict[str, Any]) -> dict[str, Decimal]:
    name, amount = change["component"], Decimal(change["amount"])
    if change["type"] == "SET":
        return {name: amount}
    signed = amount if change["type"] == "ADD" else -amount
    return {**components, name: components.get(name, Decimal(0)) + signed}


@st.composite
def any_history(draw: st.DrawFn, max_changes: int = 40) -> list[FareEvent]:
    """Any history, short or long, that ends above, at or below zero."""
    currency, changes = draw(strategies.histories())
    more = draw(st.lists(strategies.changes(currency), max_size=max_changes))
    return history_of(*changes, *more)
