"""A fare, what happened to it, and what is to happen to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal, Self, TypedDict, Unpack
from uuid import UUID, uuid4

from farehistory_client import _times
from farehistory_client._amounts import amount_of
from farehistory_client._codecs import CodecError, Codecs, Details
from farehistory_client._kinds import EventType

ANY: Final[Literal["any"]] = "any"
"""Expected version of a change that does not depend on the rest of the fare, such as a toll."""

ExpectedVersion = int | Literal["any"]


@dataclass(frozen=True, slots=True)
class Head:
    """Where a booking stands: version 0 without an amount and a currency is one that has no event yet."""

    version: int
    amount: Decimal | None
    currency: str | None


class OptionalFields(TypedDict, total=False):
    """What may be said of a change beside what it does; see `Change`."""

    description: str | None
    occurred_at: datetime | None
    actor: str | None
    metadata: Any
    allow_negative: bool
    transaction_id: UUID


class OptionalFieldsAndCurrency(OptionalFields, total=False):
    """The same where the booking has a currency already, which is checked if it is given."""

    currency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One intended change of a fare. Its transaction id is made with it, once: the same Change sent twice, or by
    two processes, is one event.

    Make it by `set`, `add` or `sub`. `metadata` is a mapping, an object of a type that has a codec, or the `details`
    of an event; the Change keeps a copy, so that it is the same each time it is sent.
    """

    type: EventType
    component: str
    amount: Decimal
    currency: str | None = None
    description: str | None = None
    occurred_at: datetime | None = None
    actor: str | None = None
    metadata: Any = field(default=None, hash=False)
    allow_negative: bool = False
    transaction_id: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", amount_of(self.amount))
        if self.occurred_at is not None:
            _times.text_of(self.occurred_at, "occurred_at")  # raises for what could not be sent
        try:
            object.__setattr__(self, "metadata", _own(self.metadata))
        except RecursionError:
            raise ValueError("metadata is nested too deeply to be copied, or within itself") from None

    @classmethod
    def set(
        cls, component: str, amount: Decimal | str | int, *, currency: str, **fields: Unpack[OptionalFields]
    ) -> Self:
        """Replaces the whole fare by this one component. The first event of a booking is one."""
        return cls(type="SET", component=component, amount=amount_of(amount), currency=currency, **fields)

    @classmethod
    def add(
        cls, component: str, amount: Decimal | str | int, **fields: Unpack[OptionalFieldsAndCurrency]
    ) -> Self:
        """Adds to a component."""
        return cls(type="ADD", component=component, amount=amount_of(amount), **fields)

    @classmethod
    def sub(
        cls, component: str, amount: Decimal | str | int, **fields: Unpack[OptionalFieldsAndCurrency]
    ) -> Self:
        """Takes off a component."""
        return cls(type="SUB", component=component, amount=amount_of(amount), **fields)


def _own(metadata: Any) -> Any:
    """A copy that nobody else has. Raises TypeError for what cannot be copied."""
    if isinstance(metadata, Mapping):  # also one that only reads, such as a proxy, which deepcopy refuses
        return {name: _own(item) for name, item in metadata.items()}
    if isinstance(metadata, list):
        return list(map(_own, metadata))
    return deepcopy(metadata)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """In place of the codecs of an event in another process: what they made of it."""

    outcome: Details[Any] | CodecError | None

    def details_of(self, *_: Any) -> Details[Any] | None:
        if isinstance(self.outcome, CodecError):
            raise copy(self.outcome)
        return self.outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class FareEvent:
    """One event of the ledger. Amounts have all decimals of the currency.

    `document` is all that was answered, with fields that a later server may have added. Hashable; pickled with its
    `details`, since codecs may hold functions that cannot be.
    """

    booking_id: str
    version: int
    transaction_id: UUID
    type: EventType
    component: str
    amount: Decimal
    currency: str
    exponent: int
    allow_negative: bool
    change: Decimal
    """The fare after this event less the fare before it."""
    fare: Decimal
    """The fare after this event."""
    components: Mapping[str, Decimal] = field(hash=False)
    """The breakdown after this event; sums to `fare`."""
    description: str | None
    source: str
    actor: str | None
    origin: str
    metadata: Mapping[str, Any] | None = field(hash=False)
    """As it was sent; None if it was erased."""
    erased: bool
    occurred_at: datetime
    recorded_at: datetime
    partition: int
    position: int
    hash: str
    document: Mapping[str, Any] = field(repr=False, compare=False)
    codecs: Codecs | _Loaded | None = field(default=None, repr=False, compare=False)
    """What `details` are loaded with."""

    @property
    def details(self) -> Details[Any] | None:
        """The metadata as an object of the type that its codec is for; None where none is registered, no metadata
        was given, or it was erased.

        Loaded when it is asked for. Raises CodecError for metadata that its type cannot be made of: it is this event's
        alone, which can be set aside while others are handled.
        """
        if self.codecs is None:
            return None
        return self.codecs.details_of(self.component, self.type, self.metadata)

    @property
    def head(self) -> Head:
        """Where the booking stood after this event."""
        return Head(self.version, self.fare, self.currency)

    def __reduce__(self) -> tuple[Any, ...]:
        try:
            loaded = _Loaded(self.details)
        except CodecError as error:
            loaded = _Loaded(error)
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return _remade, (type(self), {**named, "codecs": loaded})


def _remade(type_: type[FareEvent], named: dict[str, Any]) -> FareEvent:
    return type_(**named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fare:
    """What a booking costs, or cost. `document` is all that was answered."""

    booking_id: str
    version: int
    amount: Decimal
    currency: str
    exponent: int
    components: Mapping[str, Decimal] = field(hash=False)
    events: int
    consistency: str | None
    """What answered: "eventual", the view; "strong", the ledger, as it always is of a fare of the past."""
    complete: bool
    """False of a fare of the past that no SET is part of: only what was added and taken off since."""
    document: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def head(self) -> Head:
        """Its version, amount and currency."""
        return Head(self.version, self.amount, self.currency)


@dataclass(frozen=True, slots=True)
class Appended:
    """An event of the ledger, and whether it was there already: then this call was a retry of the one that wrote it."""

    event: FareEvent
    replayed: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a booking's history. `next`: the `after_version` of the part after it, None for the last."""

    events: Sequence[FareEvent]
    next: int | None
