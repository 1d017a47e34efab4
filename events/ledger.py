"""The one way in: every fare event, whoever wants it, is appended here.

An append is one call of one SQL function in one round trip, and commits by itself. What the caller never heard
(a lost reply) is settled by sending the same again: the transaction id makes it the same event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from time import monotonic
from typing import Any, Final, Protocol

from django.db import InterfaceError, InternalError, OperationalError, connection, transaction
from psycopg.errors import ReadOnlySqlTransaction

from events import metrics, sql, wakeup
from events.database import array_text, binding_cursor, unavailable_if_away
from events.errors import (
    BatchRefused,
    CurrencyMismatch,
    FieldError,
    FirstEventMustSet,
    Head,
    InvalidEvent,
    LedgerError,
    NegativeFare,
    TooManyComponents,
    TransactionIdReused,
    Unavailable,
    VersionConflict,
)
from events.event import FareEvent, Origin
from events.money import exponent_of, format_amount
from events.new_event import ANY, SOURCE, NewEvent
from events.partitions import partition_of

MAX_BATCH: Final = 1000
"""Events of one call of the append function: what fits its time limit with room to spare."""

_BUSY_ATTEMPTS: Final = 3

_HOLD_SECONDS: Final = 2.0
"""After this, an atomic batch takes no further turn: whoever waits for one that it holds gives up after a second."""


@dataclass(frozen=True, slots=True)
class Appended:
    """An event of the ledger, and whether this very call wrote it."""

    event: FareEvent
    replayed: bool

    @property
    def erased(self) -> bool:
        """Whether personal content of a replayed event was erased since."""
        return self.event.erased


class OpenTransaction(RuntimeError):
    """An append inside an atomic block: its turn would last as long as the block, and its reply could be undone.

    Only a correction's approval may: `append_correction`.
    """


class NoTransaction(RuntimeError):
    """A correction's append outside an atomic block: its event could stay without the correction's approval."""


def append(
    event: NewEvent,
    *,
    source: str,
    origin: Origin = Origin.API,
    request_id: str | None = None,
    key_id: str | None = None,
) -> Appended:
    """Appends one event at the head of its booking's history.

    Raises VersionConflict, TransactionIdReused, FirstEventMustSet, CurrencyMismatch, NegativeFare, InvalidEvent
    (no currency on a first event, more decimals than the currency has, out of range) or TooManyComponents;
    nothing was written then. Raises Unavailable if it cannot be known whether it was: send the same again.
    """
    (answer,) = append_many([event], source=source, origin=origin, request_id=request_id, key_id=key_id)
    if isinstance(answer, LedgerError):
        raise answer
    return answer


def append_many(
    events: Sequence[NewEvent],
    *,
    source: str,
    origin: Origin = Origin.API,
    request_id: str | None = None,
    key_id: str | None = None,
) -> list[Appended | LedgerError]:
    """Appends many events, one commit per partition; answers each, in the order given.

    Events of one booking are appended in that order. A refused event does not stop the others: its error (those
    that `append` raises) stands in its place. Once the ledger does not answer, what is left is not tried, and
    Unavailable too: every further try could wait as long.
    """
    _require_own_transaction()
    call = _call(source, origin, request_id, key_id)
    answers: dict[int, Appended | LedgerError] = {}
    away: Unavailable | None = None
    for partition, indexes in _by_partition(events):
        for start in range(0, len(indexes), MAX_BATCH):
            chunk = indexes[start : start + MAX_BATCH]
            if away is None:
                given = _append(partition, call, [events[i] for i in chunk])
                metrics.count(given)
                answers.update(zip(chunk, given, strict=True))
                away = next((answer for answer in given if isinstance(answer, Unavailable)), None)
            else:
                answers.update(dict.fromkeys(chunk, away))
    _wake(answers.values(), request_id)
    return [answers[i] for i in range(len(events))]


def append_all(
    events: Sequence[NewEvent],
    *,
    source: str,
    origin: Origin = Origin.API,
    request_id: str | None = None,
    key_id: str | None = None,
) -> list[Appended]:
    """Appends all of these events or none, in one transaction over their partitions; answers them in the order given.

    Raises BatchRefused with the first event that `append` would refuse, those of its booking before it being in;
    Unavailable if it cannot be known whether they were written: send the same again. Keep it small: the turns of all
    its partitions are held until the commit.
    """
    _require_own_transaction()
    call = _call(source, origin, request_id, key_id)
    answers: dict[int, Appended | LedgerError] = {}
    with unavailable_if_away(), transaction.atomic():
        give_up_at = monotonic() + _HOLD_SECONDS
        for partition, indexes in _by_partition(events):
            if monotonic() > give_up_at:
                raise Unavailable("others hold the partitions' turns; send the same again")
            given = _append(partition, call, [events[i] for i in indexes])
            if isinstance(given[0], Unavailable):
                metrics.count(given)
                raise given[0]
            answers.update(zip(indexes, given, strict=True))
        metrics.count(answer for answer in answers.values() if isinstance(answer, LedgerError))
        appended = [_accepted(i, answers[i]) for i in range(len(events))]
    metrics.count(appended)
    _wake(appended, request_id)
    return appended


def append_correction(
    event: NewEvent,
    *,
    corrects_version: int,
    source: str,
    request_id: str | None = None,
    key_id: str | None = None,
) -> Appended:
    """Appends the event of a correction inside its approval's transaction: the only append in an atomic block.

    The event's transaction id is the correction's id. The partition's turn lasts until the caller commits, so the
    commit comes soon; the read side is told after it. Raises what `append` raises, NoTransaction outside a block.
    """
    if not connection.in_atomic_block:
        raise NoTransaction("an approval appends and sets the correction's state in one transaction")
    call = (source, str(Origin.CORRECTION), request_id, key_id)
    partition = partition_of(event.booking_id)
    (answer,) = _append(partition, call, [event], corrects_version)
    metrics.count([answer])
    if isinstance(answer, LedgerError):
        raise answer
    transaction.on_commit(partial(wakeup.wake, {partition}, request_id), robust=True)
    return answer


def _require_own_transaction() -> None:
    if connection.in_atomic_block or not connection.get_autocommit():
        raise OpenTransaction("the ledger appends in its own transaction; call it outside atomic()")


def _call(source: str, origin: Origin, request_id: str | None, key_id: str | None) -> tuple[str | None, ...]:
    """What is the same of all events of a call."""
    if not SOURCE.fullmatch(source):
        raise ValueError(f"{source!a} is not a source: a-z 0-9 -, beginning with a letter, at most 48")
    return source, str(origin), request_id, key_id


def _accepted(index: int, answer: Appended | LedgerError) -> Appended:
    if isinstance(answer, LedgerError):
        raise BatchRefused(index, answer)
    return answer


def _wake(answers: Iterable[Appended | LedgerError], request_id: str | None) -> None:
    grown = {each.event.partition for each in answers if isinstance(each, Appended) and not each.replayed}
    if grown:
        wakeup.wake(grown, request_id)


def _by_partition(events: Sequence[NewEvent]) -> list[tuple[int, list[int]]]:
    """Indexes of the events by partition, those of a booking together, in their order.

    Partitions in their order: whoever takes the turns of several cannot deadlock with another who does.
    """
    bookings: dict[str, list[int]] = defaultdict(list)
    for index, event in enumerate(events):
        bookings[event.booking_id].append(index)
    partitions: dict[int, list[int]] = defaultdict(list)
    for booking_id, indexes in bookings.items():
        partitions[partition_of(booking_id)].extend(indexes)
    return sorted(partitions.items())


@metrics.APPEND_SECONDS.time()
def _append(
    partition: int,
    call: tuple[str | None, ...],
    events: list[NewEvent],
    corrects_version: int | None = None,
) -> list[Appended | LedgerError]:
    try:
        for _ in range(_BUSY_ATTEMPTS):
            with binding_cursor() as cursor:
                cursor.execute(
                    sql.statement("append"), [partition, *call, *_arrays(events, corrects_version)]
                )
                rows = cursor.fetchall()
            if rows[0][1] != "busy":
                return [_answer(event, row) for event, row in zip(events, rows, strict=True)]
    except (OperationalError, InterfaceError, InternalError) as error:
        if isinstance(error, InternalError) and not isinstance(error.__cause__, ReadOnlySqlTransaction):
            raise
        connection.close_if_unusable_or_obsolete()  # the next call must not meet the same broken connection
        unavailable = Unavailable("the ledger did not answer; send the same again")
        unavailable.__cause__ = error
        return [unavailable] * len(events)
    return [Unavailable("others hold the partition's turn; send the same again")] * len(events)


def _arrays(events: list[NewEvent], corrects_version: int | None) -> list[str]:
    """The events as the append function takes them: an array per field. A correction's id is its transaction id."""
    is_correction = corrects_version is not None
    fields: list[list[object]] = [
        [event.booking_id for event in events],
        [event.transaction_id for event in events],
        [None if event.expected_version == ANY else event.expected_version for event in events],
        [str(event.type) for event in events],
        [event.component for event in events],
        [event.amount for event in events],
        [event.currency for event in events],
        [None if event.currency is None else exponent_of(event.currency) for event in events],
        [event.allow_negative for event in events],
        [event.occurred_at for event in events],
        [event.actor for event in events],
        [event.description for event in events],
        [event.metadata.text for event in events],  # type: ignore[union-attr]
        [corrects_version for _ in events],
        [event.transaction_id if is_correction else None for event in events],
    ]
    return [array_text(values) for values in fields]


def _answer(asked: NewEvent, row: Sequence[Any]) -> Appended | LedgerError:
    outcome: str = row[1]
    known = None if row[2] is None else FareEvent.from_row(row[2:])
    if known is not None and outcome in ("appended", "replayed"):
        return Appended(known, replayed=outcome == "replayed")
    return refusal(outcome, asked, known)


class At(Protocol):
    """The head of a booking, as far as refusals speak of it: a `FareEvent` has that, and so has a `Standing`."""

    @property
    def version(self) -> int: ...
    @property
    def fare(self) -> Decimal: ...
    @property
    def currency(self) -> str: ...
    @property
    def exponent(self) -> int: ...


def refusal(outcome: str, asked: NewEvent, head: At | None) -> LedgerError:
    """What is said of an event that the append function refused with this outcome, on this head."""
    return _REFUSALS[outcome](asked, head)


def _version_conflict(asked: NewEvent, head: At | None) -> LedgerError:
    current = Head(0, None, None) if head is None else Head(head.version, head.fare, head.currency)
    detail = f"the booking is at version {current.version}, not {asked.expected_version}"
    return VersionConflict(detail, current)


def _currency_mismatch(asked: NewEvent, head: At | None) -> LedgerError:
    return CurrencyMismatch(f"the booking is in {head.currency if head else None}, not {asked.currency}")


def _negative_fare(asked: NewEvent, head: At | None) -> LedgerError:
    fare = "0" if head is None else f"{head.currency} {format_amount(head.fare, head.exponent)}"
    return NegativeFare(
        f"taking {asked.amount} off a fare of {fare} would leave it below zero; "
        "a refund above the fare says allow_negative"
    )


def _too_many_decimals(asked: NewEvent, head: At | None) -> LedgerError:
    currency = head.currency if head else asked.currency
    detail = f"amount {asked.amount} has more decimals than {currency} has"
    return InvalidEvent.of([FieldError("/amount", "too_many_decimals", detail)])


_REFUSALS: dict[str, Callable[[NewEvent, At | None], LedgerError]] = {
    "version_conflict": _version_conflict,
    "transaction_id_reused": lambda asked, _: TransactionIdReused(
        f"transaction_id {asked.transaction_id} made another event of this booking; a new change needs a new id"
    ),
    "first_event_must_set": lambda asked, _: FirstEventMustSet(
        "the booking has no fare yet; its first event must be a SET"
    ),
    "currency_required": lambda asked, _: InvalidEvent.at(
        "/currency", "required", "currency is required on the first event of a booking"
    ),
    "currency_mismatch": _currency_mismatch,
    "too_many_decimals": _too_many_decimals,
    "out_of_range": lambda asked, _: InvalidEvent.at(
        "/amount", "out_of_range", "the fare and each component stay below 10^15 minor units"
    ),
    "negative_fare": _negative_fare,
    "too_many_components": lambda asked, _: TooManyComponents(
        "the fare has 100 components already",
        [FieldError("/component", "too_many_components", "a fare has at most 100 components")],
    ),
}
