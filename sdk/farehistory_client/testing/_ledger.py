"""A ledger in memory: the rules by which the platform appends, and what can be read of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from farehistory_client import _json
from farehistory_client.testing._currencies import EXPONENTS
from farehistory_client.testing._fields import BOOKING_ID, Wanted
from farehistory_client.testing._problems import Broken, Refusal

MOST_COMPONENTS: Final = 100
TOO_MANY_UNITS: Final = 10**15

Breakdown = Mapping[str, Decimal]


def now() -> datetime:
    return datetime.now(UTC)


def partition_of(booking_id: str, partitions: int) -> int:
    """The log in which a booking lives."""
    return int.from_bytes(sha256(booking_id.encode("ascii")).digest()[:2]) % partitions


def time_text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event of the ledger."""

    wanted: Wanted
    version: int
    currency: str
    exponent: int
    change: Decimal
    components: Breakdown
    source: str
    recorded_at: datetime
    partition: int
    position: int
    request_id: str | None
    hash: str

    @property
    def fare(self) -> Decimal:
        return sum(self.components.values(), Decimal(0))

    @property
    def occurred_at(self) -> datetime:
        return self.wanted.occurred_at or self.recorded_at

    @property
    def booking_id(self) -> str:
        return self.wanted.booking_id

    def text(self, amount: Decimal) -> str:
        """With all decimals of the currency."""
        return f"{amount:.{self.exponent}f}"

    def texts(self, components: Breakdown) -> dict[str, str]:
        return {name: self.text(amount) for name, amount in components.items()}

    def document(self) -> dict[str, Any]:
        """As the platform answers it."""
        wanted = self.wanted
        return {
            "booking_id": wanted.booking_id,
            "version": self.version,
            "transaction_id": str(wanted.transaction_id),
            "type": wanted.type,
            "component": wanted.component,
            "amount": self.text(wanted.amount),
            "currency": self.currency,
            "exponent": self.exponent,
            "allow_negative": wanted.allow_negative,
            "change": self.text(self.change),
            "fare": self.text(self.fare),
            "components": self.texts(self.components),
            "description": wanted.description,
            "source": self.source,
            "actor": wanted.actor,
            "origin": "api",
            "metadata": wanted.metadata,
            "erased": False,
            "corrects_version": None,
            "correction_id": None,
            "occurred_at": time_text(self.occurred_at),
            "recorded_at": time_text(self.recorded_at),
            "request_id": self.request_id,
            "partition": self.partition,
            "position": self.position,
            "hash": self.hash,
        }


@dataclass(slots=True)
class Ledger:
    """Bookings, and the logs that their events lie in."""

    partitions: int
    clock: Callable[[], datetime] = now
    bookings: dict[str, list[Recorded]] = field(default_factory=dict)
    logs: dict[int, list[Recorded]] = field(default_factory=dict)

    def head(self, booking_id: str) -> Recorded | None:
        events = self.bookings.get(booking_id)
        return events[-1] if events else None

    def history(self, booking_id: str) -> Sequence[Recorded]:
        """All events of a booking. Raises Refusal where there is none."""
        events = self.bookings.get(booking_id) if BOOKING_ID.fullmatch(booking_id) else None
        if not events:
            raise Refusal("unknown_booking", f"the ledger has no event of booking {booking_id!a}")
        return events

    def known(self, booking_id: str, transaction_id: UUID) -> Recorded | None:
        """What this transaction id made."""
        events = self.bookings.get(booking_id, ())
        return next((each for each in events if each.wanted.transaction_id == transaction_id), None)

    def append(
        self, wanted: Wanted, source: str, request_id: str | None, *, write: bool = True
    ) -> tuple[Recorded, bool]:
        """The event, and whether it was there already. Raises Refusal, in the platform's order."""
        head = self.head(wanted.booking_id)
        known = self.known(wanted.booking_id, wanted.transaction_id)
        if known is not None:
            if not _is_same(known, wanted, source):
                raise Refusal(
                    "transaction_id_reused",
                    f"transaction_id {wanted.transaction_id} made another event of this booking; "
                    "a new change needs a new id",
                )
            return known, True
        event = self._next(wanted, head, source, request_id)
        if write:
            self.bookings.setdefault(wanted.booking_id, []).append(event)
            self.logs.setdefault(event.partition, []).append(event)
        return event, False

    def undo(self, event: Recorded) -> None:
        """Takes the last event of its log away: of a batch of which all or nothing is written."""
        for events in (self.logs[event.partition], self.bookings[event.booking_id]):
            if events.pop() is not event:
                raise AssertionError("only the last event can be taken away")

    def _next(self, wanted: Wanted, head: Recorded | None, source: str, request_id: str | None) -> Recorded:
        version = 0 if head is None else head.version
        if wanted.expected_version not in (None, version):
            current = (
                {"version": 0, "fare": None, "currency": None}
                if head is None
                else {"version": version, "fare": head.text(head.fare), "currency": head.currency}
            )
            detail = f"the booking is at version {version}, not {wanted.expected_version}"
            raise Refusal("version_conflict", detail, extra={"current": current})
        currency, exponent = _money_of(wanted, head)
        before: Breakdown = {} if head is None else head.components
        after = _moved(wanted, before)
        _require_possible(wanted, before, after, currency, exponent)
        partition = partition_of(wanted.booking_id, self.partitions)
        log = self.logs.get(partition, [])
        recorded_at = self.clock()
        if log:
            recorded_at = max(recorded_at, log[-1].recorded_at)
        return Recorded(
            wanted=wanted,
            version=version + 1,
            currency=currency,
            exponent=exponent,
            change=_sum(after) - _sum(before),
            components=after,
            source=source,
            recorded_at=recorded_at,
            partition=partition,
            position=len(log) + 1,
            request_id=request_id,
            hash=_chained(log[-1].hash if log else "", wanted, source),
        )


def _money_of(wanted: Wanted, head: Recorded | None) -> tuple[str, int]:
    """Currency and decimals of the booking."""
    if head is not None:
        if wanted.currency not in (None, head.currency):
            raise Refusal("currency_mismatch", f"the booking is in {head.currency}, not {wanted.currency}")
        return head.currency, head.exponent
    if wanted.type != "SET":
        raise Refusal("first_event_must_set", "the booking has no fare yet; its first event must be a SET")
    if wanted.currency is None:
        detail = "currency is required on the first event of a booking"
        raise Refusal.of("invalid_event", [Broken("/currency", "required", detail)])
    return wanted.currency, EXPONENTS[wanted.currency]


def _moved(wanted: Wanted, before: Breakdown) -> Breakdown:
    """SET replaces the fare and leaves one component; ADD and SUB move theirs."""
    if wanted.type == "SET":
        return {wanted.component: wanted.amount}
    signed = wanted.amount if wanted.type == "ADD" else -wanted.amount
    return {**before, wanted.component: before.get(wanted.component, Decimal(0)) + signed}


def _require_possible(
    wanted: Wanted, before: Breakdown, after: Breakdown, currency: str, exponent: int
) -> None:
    decimals = -int(wanted.amount.as_tuple().exponent)
    limit = Decimal(TOO_MANY_UNITS).scaleb(-exponent)
    if decimals > exponent:
        detail = f"amount {wanted.amount} has more decimals than {currency} has"
        raise Refusal.of("invalid_event", [Broken("/amount", "too_many_decimals", detail)])
    fare, was = _sum(after), _sum(before)
    if wanted.amount < limit and fare < 0 and fare < was and not wanted.allow_negative:
        fare_text = f"{currency} {was:.{exponent}f}" if before else "0"
        raise Refusal(
            "negative_fare",
            f"taking {wanted.amount} off a fare of {fare_text} would leave it below zero; "
            "a refund above the fare says allow_negative",
        )
    if wanted.amount >= limit or abs(fare) >= limit or abs(after[wanted.component]) >= limit:
        detail = "the fare and each component stay below 10^15 minor units"
        raise Refusal.of("invalid_event", [Broken("/amount", "out_of_range", detail)])
    if len(after) > MOST_COMPONENTS:
        detail = f"a fare has at most {MOST_COMPONENTS} components"
        broken = Broken("/component", "too_many_components", detail)
        raise Refusal("too_many_components", f"the fare has {MOST_COMPONENTS} components already", [broken])


def _sum(components: Breakdown) -> Decimal:
    return sum(components.values(), Decimal(0))


def _is_same(known: Recorded, wanted: Wanted, source: str) -> bool:
    """Whether a transaction id comes again with the same content; numbers are compared as numbers."""

    def content(each: Wanted, of: str) -> tuple[Any, ...]:
        return (
            each.type, each.component, each.amount, each.allow_negative, each.occurred_at, each.actor,
            each.description, _told_apart(each.metadata), of,
        )  # fmt: skip

    return wanted.currency in (None, known.currency) and content(known.wanted, known.source) == content(
        wanted, source
    )


def _told_apart(value: Any) -> Any:
    """Metadata in which true is not 1."""
    if isinstance(value, Mapping):
        return {key: _told_apart(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_told_apart(item) for item in value]
    return str(value).lower().encode() if isinstance(value, bool) else value


def _chained(before: str, wanted: Wanted, source: str) -> str:
    """Stands where the platform's hash stands, and is another one."""
    whole = [before, wanted.booking_id, str(wanted.transaction_id), wanted.amount, source, wanted.metadata]
    return sha256(_json.dumps(whole)).hexdigest()
