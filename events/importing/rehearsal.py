"""The ledger of a dry run: answers as the ledger would, had it taken the rows before. Writes nothing to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from django.db import connection

from events import sql
from events.database import unavailable_if_away
from events.errors import LedgerError
from events.fold import Fare
from events.importing.known import Known, known_of
from events.importing.seen import Seen
from events.judging import Standing, refused
from events.ledger import refusal
from events.money import from_minor
from events.new_event import NewEvent
from events.partitions import partition_of
from events.same_content import Content

_AT_ONCE: Final = 1000
"""Events whose content is read at once: with all their metadata, some 30 MB at most."""

Key = tuple[str, UUID]
"""Booking and transaction id."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An event that would be in the ledger then, and whether it was before."""

    replayed: bool


@dataclass(frozen=True, slots=True)
class _Made:
    """What a transaction id made."""

    fingerprint: bytes
    erased: bool = False


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
        keys = [_key(event) for event in events]
        booking_ids = {booking_id for booking_id, _ in keys}
        standings = self.seen.standings(booking_ids)
        standings.update(_standings(booking_ids - standings.keys()))
        made = _made(dict.fromkeys(keys))
        made.update(self._seen_of(keys))
        moved: set[str] = set()
        new: defaultdict[str, dict[UUID, bytes]] = defaultdict(dict)
        answers: list[Foreseen | LedgerError] = []
        for event, key in zip(events, keys, strict=True):
            booking_id, transaction_id = key
            head = standings.get(booking_id)
            content = Content.of(event, self.source)
            outcome = _outcome(event, content, head, made.get(key))
            if outcome is None:
                standings[booking_id] = Standing.after(head, event)
                made[key] = _Made(content.fingerprint())
                new[booking_id][transaction_id] = made[key].fingerprint
                moved.add(booking_id)
            is_in = outcome in (None, "replayed")
            answers.append(Foreseen(outcome is not None) if is_in else refusal(str(outcome), event, head))
        self.seen.keep({booking_id: standings[booking_id] for booking_id in moved}, new)
        return answers

    def _seen_of(self, keys: Iterable[Key]) -> dict[Key, _Made]:
        """Of these alone: a file may have a million events of one booking."""
        asked: defaultdict[str, set[UUID]] = defaultdict(set)
        for booking_id, transaction_id in keys:
            asked[booking_id].add(transaction_id)
        return {
            (booking_id, transaction_id): _Made(fingerprint)
            for booking_id, wanted in asked.items()
            for transaction_id, fingerprint in self.seen.events(booking_id)
            if transaction_id in wanted
        }


def _key(event: NewEvent) -> Key:
    return event.booking_id, cast(UUID, event.transaction_id)  # NewEvent has made it one


def _outcome(event: NewEvent, content: Content, head: Standing | None, made: _Made | None) -> str | None:
    """None if it would be appended."""
    if made is None:
        return refused(event, head)
    is_same_currency = event.currency is None or head is None or event.currency == head.currency
    if is_same_currency and content.fingerprint(erased=made.erased) == made.fingerprint:
        return "replayed"
    return "transaction_id_reused"


def _standings(booking_ids: Collection[str]) -> dict[str, Standing]:
    asked = list(booking_ids)
    found: dict[str, Standing] = {}
    for booking_id, version, currency, exponent, components, amounts in _rows(
        "standings", partitions=[partition_of(each) for each in asked], booking_ids=asked
    ):
        decimals = [from_minor(amount, exponent) for amount in amounts]
        fare = Fare(version, dict(zip(components, decimals, strict=True)))
        found[booking_id] = Standing(currency, exponent, fare)
    return found


def _made(keys: Collection[Key]) -> dict[Key, _Made]:
    found: dict[Key, _Made] = {}
    asked = list(keys)
    for start in range(0, len(asked), _AT_ONCE):
        some = asked[start : start + _AT_ONCE]
        rows = _rows(
            "contents",
            partitions=[partition_of(booking_id) for booking_id, _ in some],
            booking_ids=[booking_id for booking_id, _ in some],
            transaction_ids=[transaction_id for _, transaction_id in some],
        )
        for booking_id, transaction_id, *content in rows:
            found[booking_id, transaction_id] = _made_of(*content)
    return found


def _made_of(type_: str, component: str, minor: int, exponent: int, *rest: Any) -> _Made:
    allow_negative, source, occurred_at, corrects_version, correction_id, actor, description, metadata = rest
    content = Content(
        type=type_,
        component=component,
        amount=from_minor(minor, exponent),
        allow_negative=allow_negative,
        source=source,
        occurred_at=occurred_at,
        corrects_version=corrects_version,
        correction_id=correction_id,
        actor=actor,
        description=description,
        metadata_text=metadata,
    )
    erased = metadata is None
    return _Made(content.fingerprint(erased=erased), erased)


def _rows(statement: str, **values: list[Any]) -> list[tuple[Any, ...]]:
    with unavailable_if_away(), connection.cursor() as cursor:
        cursor.execute(sql.statement(statement), values)
        return cursor.fetchall()
