"""What an append would be answered, without appending: for dry runs. Writes nothing, and takes no partition's turn.

The rules are those of `judging` and `same_content`. The answer is of the moment: what others append meanwhile, the
append function alone can know.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, Self, cast
from uuid import UUID

from django.db import connection

from events import history, sql
from events.database import unavailable_if_away
from events.errors import LedgerError
from events.event import FareEvent
from events.fold import Fare
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
    """An event that would be in the ledger then, and whether it is already."""

    replayed: bool
    before: Standing | None
    """The head of the booking as it is; None if the ledger does not know it."""
    after: Standing
    """As it would be: the same of a replay."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a transaction id made."""

    fingerprint: bytes
    erased: bool = False

    @classmethod
    def by(cls, event: NewEvent, source: str) -> Self:
        return cls(Content.of(event, source).fingerprint())


def key_of(event: NewEvent) -> Key:
    return event.booking_id, cast(UUID, event.transaction_id)  # NewEvent has made it one


def foresee(event: NewEvent, source: str, head: Standing | None, made: Made | None) -> Foreseen | LedgerError:
    """What the append of this event would be answered on this head, its transaction id having made that. Pure."""
    if made is None:
        outcome = refused(event, head)
        if outcome is None:
            return Foreseen(False, head, Standing.after(head, event))
        return refusal(outcome, event, head)
    is_same_currency = event.currency is None or head is None or event.currency == head.currency
    if is_same_currency and Content.of(event, source).fingerprint(erased=made.erased) == made.fingerprint:
        return Foreseen(True, head, cast(Standing, head))
    return refusal("transaction_id_reused", event, head)


@dataclass(frozen=True, slots=True)
class DryRun:
    """An append that would be accepted now."""

    foreseen: Foreseen
    first: FareEvent | None
    """Of a replay, the event that the transaction id made."""


def dry_run(event: NewEvent, *, source: str) -> DryRun:
    """What `ledger.append` would do now. Raises the refusals that it would raise; Unavailable."""
    with unavailable_if_away():
        last = history.head_of(event.booking_id)
        key = key_of(event)
        made = made_by([key]).get(key)
        first = None if made is None else history.event_of_transaction(*key)
    if first is not None and (last is None or last.version < first.version):
        last = first  # it came between the two looks
    answer = foresee(event, source, None if last is None else _standing_after(last), made)
    if isinstance(answer, LedgerError):
        raise answer
    return DryRun(answer, first)


def standings_of(booking_ids: Collection[str]) -> dict[str, Standing]:
    """The heads of those bookings that the ledger knows. Raises Unavailable."""
    asked = list(booking_ids)
    found: dict[str, Standing] = {}
    for booking_id, version, currency, exponent, components, amounts in _rows(
        "standings", partitions=[partition_of(each) for each in asked], booking_ids=asked
    ):
        decimals = [from_minor(amount, exponent) for amount in amounts]
        fare = Fare(version, dict(zip(components, decimals, strict=True)))
        found[booking_id] = Standing(currency, exponent, fare)
    return found


def made_by(keys: Collection[Key]) -> dict[Key, Made]:
    """What these transaction ids made, of those that made something. Raises Unavailable."""
    found: dict[Key, Made] = {}
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


def _made_of(type_: str, component: str, minor: int, exponent: int, *rest: Any) -> Made:
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
    return Made(content.fingerprint(erased=erased), erased)


def _standing_after(event: FareEvent) -> Standing:
    return Standing(event.currency, event.exponent, Fare(event.version, dict(event.components)))


def _rows(statement: str, **values: list[Any]) -> list[tuple[Any, ...]]:
    with unavailable_if_away(), connection.cursor() as cursor:
        cursor.execute(sql.statement(statement), values)
        return cursor.fetchall()
