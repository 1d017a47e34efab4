"""Events as rows of a table: what is said and drawn of each, and whether its hash holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from events.event import FareEvent
from events.hash_check import HashCheck
from projections.explain import explain_event, origin_in_words
from projections.waterfall import RowBar, row_bars
from projections.wording import amount_text, signed_text


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event's row."""

    event: FareEvent
    sentence: str
    change: str
    fare: str
    bar: RowBar
    check: HashCheck | None
    corrected_by: Sequence[int] = ()
    """Versions that correct it, of those that are shown with it."""

    @property
    def origin(self) -> str:
        """By which way in it came to the ledger, in words."""
        return origin_in_words(self.event.origin)

    @property
    def has_metadata(self) -> bool:
        """Whether there is something to open; what was erased says so when opened."""
        return self.event.metadata_text != "{}"

    @property
    def happened_earlier(self) -> bool:
        """Whether the client gave a time of its own, at least a second from when it was recorded."""
        return abs((self.event.recorded_at - self.event.occurred_at).total_seconds()) >= 1

    @property
    def previous_version(self) -> int:
        """The version before it; 0 of the first."""
        return self.event.version - 1


def lines_of(events: Sequence[FareEvent], checks: Mapping[int, HashCheck]) -> list[EventLine]:
    """A row for each event, all bars on one scale. `checks`: by version; one that is missing shows no tick."""
    corrected_by = _corrected_by(events)
    return [
        EventLine(
            event=event,
            sentence=explain_event(event),
            change=signed_text(event.change, event.exponent),
            fare=amount_text(event.fare, event.exponent),
            bar=bar,
            check=checks.get(event.version),
            corrected_by=corrected_by.get(event.version, ()),
        )
        for event, bar in zip(events, row_bars(events), strict=True)
    ]


def _corrected_by(events: Sequence[FareEvent]) -> dict[int, list[int]]:
    """By the version that was put right, those that put it right."""
    found: dict[int, list[int]] = {}
    for event in events:
        if event.corrects_version is not None:
            found.setdefault(event.corrects_version, []).append(event.version)
    return found
