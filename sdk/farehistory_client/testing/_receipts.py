"""The fake's receipts, as JSON: the platform's documents, but for corrections, which the fake does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from farehistory_client.testing._ledger import Recorded, time_text
from farehistory_client.testing._problems import Refusal

MOST_DETAILS: Final = 10
"""Descriptions that a line lists."""

ACRONYMS: Final[Mapping[str, str]] = {
    word.lower(): word for word in ("ERP", "GST", "ID", "MTA", "TLC", "VAT")
}
"""Words of components that are written in capitals."""

Receipt = dict[str, Any]


@dataclass(slots=True)
class Receipts:
    """Those that were issued. They never change."""

    of_bookings: dict[str, list[Receipt]] = field(default_factory=dict)

    def of_head(self, history: Sequence[Recorded], now: datetime) -> Receipt:
        """That of the fare as it is after these events, which are all of a booking; issues it if there is none yet."""
        head = history[-1]
        issued = self.of_bookings.setdefault(head.booking_id, [])
        before = issued[-1] if issued else None
        if before is None or before["version"] < head.version:
            issued.append(_composed(history, before, now))
        return issued[-1]

    def of_number(self, booking_id: str, sequence: int) -> Receipt:
        """Raises Refusal."""
        issued = self.of_bookings.get(booking_id, [])
        if sequence > len(issued):
            raise Refusal("unknown_receipt", f"booking {booking_id} has no receipt {booking_id}-R{sequence}")
        return issued[sequence - 1]


def _composed(history: Sequence[Recorded], before: Receipt | None, now: datetime) -> Receipt:
    head = history[-1]
    sequence = 1 if before is None else before["sequence"] + 1
    lines = _lines(history)
    return {
        "number": f"{head.booking_id}-R{sequence}",
        "booking_id": head.booking_id,
        "sequence": sequence,
        "version": head.version,
        "issued_at": time_text(now),
        "fare_at": time_text(head.recorded_at),
        "currency": head.currency,
        "exponent": head.exponent,
        "fare": head.text(head.fare),
        "lines": lines,
        "replaces": None if before is None else _replaced(before, lines, head),
        "language": "en",
        "time_zone": "UTC",
    }


def _lines(history: Sequence[Recorded]) -> list[dict[str, Any]]:
    """One for each component, in the order in which they came since the fare was last set."""
    begins = max(index for index, event in enumerate(history) if event.wanted.type == "SET")
    by_component: dict[str, list[Recorded]] = {}
    for event in history[begins:]:
        by_component.setdefault(event.wanted.component, []).append(event)
    return [_line(component, events) for component, events in by_component.items()]


def _line(component: str, events: Sequence[Recorded]) -> dict[str, Any]:
    amount = sum((_moved(event) for event in events), Decimal(0))
    described = [event for event in events if event.wanted.description is not None]
    return {
        "component": component,
        "label": _label(component),
        "kind": "reduction" if amount < 0 else "charge",
        "amount": events[0].text(amount),
        "changes": len(events),
        "details": [
            {"text": event.wanted.description, "amount": event.text(_moved(event))}
            for event in described[:MOST_DETAILS]
        ],
    }


def _moved(event: Recorded) -> Decimal:
    """A SET begins its line, whatever the fare was before."""
    return event.wanted.amount if event.wanted.type == "SET" else event.change


def _replaced(before: Receipt, lines: Sequence[Mapping[str, Any]], head: Recorded) -> dict[str, Any]:
    return {
        "number": before["number"],
        "version": before["version"],
        "fare": before["fare"],
        "issued_at": before["issued_at"],
        "difference": head.text(head.fare - Decimal(before["fare"])),
        "changes": list(_differences(before["lines"], lines, head)),
    }


def _differences(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], head: Recorded
) -> Iterator[dict[str, str]]:
    """What moved, in the order of the new lines; then what is gone."""
    was = {line["component"]: Decimal(line["amount"]) for line in old}
    now = {line["component"]: Decimal(line["amount"]) for line in new}
    for component in {**now, **was}:
        moved = now.get(component, Decimal(0)) - was.get(component, Decimal(0))
        if moved:
            yield {"component": component, "label": _label(component), "amount": head.text(moved)}


def _label(component: str) -> str:
    """In words: `waiting_fee` is "Waiting fee", `mta_tax` "MTA tax"."""
    words = " ".join(ACRONYMS.get(word, word) for word in component.split("_"))
    return words[:1].upper() + words[1:]
