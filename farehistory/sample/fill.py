"""Appending the sample to the ledger, as the source services would have: the one way in, and no other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, zip_longest
from uuid import UUID, uuid5

from events import history, ledger
from events.errors import LedgerError
from events.event import Origin
from events.new_event import ANY, NewEvent
from farehistory.sample.bookings import FIRST_BOOKING, Booking, bookings

SAMPLE_IDS = UUID("3d9f3b1e-6f2a-4e0b-9a55-0f6d1c7a2026")

Progress = Callable[[int, int], None]


class SampleRefused(Exception):
    """The ledger does not take the sample: it has another booking of the same id, say."""


@dataclass(frozen=True, slots=True)
class Filled:
    """How many bookings the sample has, and how many events this call added."""

    bookings: int
    added: int


def fill(progress: Progress = lambda done, total: None) -> Filled:
    """Append what the ledger lacks of the sample; run again, it adds nothing.

    Calls `progress` with the number of events done and their total. Raises SampleRefused.
    """
    sample = list(bookings())
    missing = [booking for booking in sample if not _is_complete(booking)]
    return Filled(len(sample), append_all(missing, when_it_was_begun(), progress))


def append_all(
    sample: Sequence[Booking], began: datetime, progress: Progress = lambda done, total: None
) -> int:
    """Send all events of these bookings; returns how many of them the ledger did not have yet."""
    total, added, done = sum(len(booking.steps) for booking in sample), 0, 0
    for source, events in _calls(sample, began):
        added += _append(source, events)
        done += len(events)
        progress(done, total)
    return added


def when_it_was_begun() -> datetime:
    """The ledger remembers it, so that a run that was interrupted is continued with the same times."""
    head = history.head_of(FIRST_BOOKING)
    if head is None:
        return datetime.now(UTC).replace(second=0, microsecond=0)
    first = next(iter(bookings()))
    return history.event_of(FIRST_BOOKING, 1).occurred_at + first.age


def _is_complete(booking: Booking) -> bool:
    head = history.head_of(booking.booking_id)
    if head is None:
        return False
    if history.event_of(booking.booking_id, 1).origin is not Origin.SAMPLE:
        raise SampleRefused(f"The ledger has a booking {booking.booking_id} that is not the sample's.")
    return head.version >= len(booking.steps)


def _calls(sample: Iterable[Booking], began: datetime) -> Iterable[tuple[str, list[NewEvent]]]:
    """All first steps, then all second ones …, a call for each source; so a booking's come in their order.

    The very first event goes alone, before all others: the time of the sample is read from it.
    """
    stories = [list(_events(booking, began)) for booking in sample]
    if stories:
        source, event = stories[0].pop(0)
        yield source, [event]
    for steps in zip_longest(*stories):
        by_source: dict[str, list[NewEvent]] = defaultdict(list)
        for source, event in filter(None, steps):
            by_source[source].append(event)
        yield from by_source.items()


def _events(booking: Booking, began: datetime) -> Iterable[tuple[str, NewEvent]]:
    times = accumulate((step.after for step in booking.steps), initial=timedelta())
    next(times)
    for number, (step, since_start) in enumerate(zip(booking.steps, times, strict=True), start=1):
        yield (
            step.source,
            NewEvent(
                booking_id=booking.booking_id,
                transaction_id=uuid5(SAMPLE_IDS, f"{booking.booking_id}/{number}"),
                expected_version=ANY,
                type=step.type,
                component=step.component,
                amount=step.amount,
                currency=booking.currency,
                description=step.description,
                occurred_at=began - booking.age + since_start,
                actor=step.actor,
                metadata=step.metadata,
                allow_negative=step.allow_negative,
            ),
        )


def _append(source: str, events: list[NewEvent]) -> int:
    """How many of them were new."""
    answers = ledger.append_many(events, source=source, origin=Origin.SAMPLE)
    for event, answer in zip(events, answers, strict=True):
        if isinstance(answer, LedgerError):
            raise SampleRefused(f"The sample's booking {event.booking_id}: {answer}")
    return sum(not answer.replayed for answer in answers if not isinstance(answer, LedgerError))
