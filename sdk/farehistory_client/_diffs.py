"""What changed between two states of a fare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from farehistory_client._codecs import Codecs
from farehistory_client._fares import FareEvent
from farehistory_client._wire import event_of


@dataclass(frozen=True, slots=True)
class Difference:
    """One component in both states; zero where it is not there."""

    before: Decimal
    after: Decimal
    change: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """`change` is the later fare less the earlier one; `events` those in between. `document`: all that was answered."""

    booking_id: str
    currency: str
    change: Decimal
    components: Mapping[str, Difference] = field(hash=False)
    events: Sequence[FareEvent]
    next: int | None
    """The `after_version` with which the history goes on, where there are more events than were asked for."""
    document: Mapping[str, Any] = field(repr=False, compare=False)


def diff_of(document: Mapping[str, Any], codecs: Codecs) -> Diff:
    following = document["next"]
    return Diff(
        booking_id=document["booking_id"],
        currency=document["currency"],
        change=Decimal(document["change"]),
        components={
            name: Difference(*(Decimal(each[part]) for part in ("before", "after", "change")))
            for name, each in document["components"].items()
        },
        events=tuple(event_of(each, codecs) for each in document["events"]),
        next=None if following is None else int(following),
        document=document,
    )
