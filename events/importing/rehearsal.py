"""The ledger of a dry run: answers as the ledger would, had it taken the rows before. Writes nothing to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from events.errors import LedgerError
from events.foreseeing import Foreseen, Key, Made, foresee, key_of, made_by, standings_of
from events.importing.known import Known, known_of
from events.importing.seen import Seen
from events.new_event import NewEvent


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What is in the ledger when it is asked for, and what was accepted of the rows before."""

    seen: Seen
    source: str

    def known_of(self, booking_ids: Collection[str]) -> dict[str, Known]:
        """As `known_of`. Raises Unavailable."""
        known = known_of(booking_ids)
        for booking_id, standing in self.seen.standings(booking_ids).items():
            of_booking = known.setdefault(booking_id, Known())
            of_booking.version = standing.version
            of_booking.transaction_ids.update(each for each, _ in self.seen.events(booking_id))
        return known

    def append_many(self, events: Sequence[NewEvent]) -> list[Foreseen | LedgerError]:
        """As `ledger.append_many`; one call is one step of what was seen. Raises Unavailable."""
        keys = [key_of(event) for event in events]
        booking_ids = {booking_id for booking_id, _ in keys}
        standings = self.seen.standings(booking_ids)
        standings.update(standings_of(booking_ids - standings.keys()))
        made = made_by(dict.fromkeys(keys))
        made.update(self._seen_of(keys))
        moved: set[str] = set()
        new: defaultdict[str, dict[UUID, bytes]] = defaultdict(dict)
        answers: list[Foreseen | LedgerError] = []
        for event, key in zip(events, keys, strict=True):
            booking_id, transaction_id = key
            answer = foresee(event, self.source, standings.get(booking_id), made.get(key))
            if isinstance(answer, Foreseen) and not answer.replayed:
                standings[booking_id] = answer.after
                made[key] = Made.by(event, self.source)
                new[booking_id][transaction_id] = made[key].fingerprint
                moved.add(booking_id)
            answers.append(answer)
        self.seen.keep({booking_id: standings[booking_id] for booking_id in moved}, new)
        return answers

    def _seen_of(self, keys: Iterable[Key]) -> dict[Key, Made]:
        """Of these alone: a file may have a million events of one booking."""
        asked: defaultdict[str, set[UUID]] = defaultdict(set)
        for booking_id, transaction_id in keys:
            asked[booking_id].add(transaction_id)
        return {
            (booking_id, transaction_id): Made(fingerprint)
            for booking_id, wanted in asked.items()
            for transaction_id, fingerprint in self.seen.events(booking_id)
            if transaction_id in wanted
        }
