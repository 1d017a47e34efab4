"""What a correction does to a fare: before and after, component by component, and the event that does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from events.corrections import Outcome, Planned, change_in_words
from events.wording import amount_text, money_text, signed_text, words


@dataclass(frozen=True, slots=True)
class AmountLine:
    """An amount before and after, and its change. `kind` is up, down or same."""

    name: str
    before: str
    after: str
    change: str
    kind: str

    @classmethod
    def of(cls, name: str, before: Decimal, after: Decimal, exponent: int) -> AmountLine:
        change = after - before
        kind = "same" if change == 0 else "up" if change > 0 else "down"
        texts = (amount_text(before, exponent), amount_text(after, exponent))
        return cls(name, *texts, signed_text(change, exponent) if change else "", kind)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A fare before and after a correction; after it is the same where the correction cannot be made."""

    outcome: Outcome

    @property
    def currency(self) -> str:
        return self.outcome.head.currency

    @property
    def version(self) -> int:
        """That of the fare before."""
        return self.outcome.head.version

    @property
    def next_version(self) -> int:
        return self.outcome.head.version + 1

    @property
    def is_possible(self) -> bool:
        return self.outcome.event is not None

    @property
    def fare(self) -> AmountLine:
        before, after = self.outcome.before, self.outcome.after or self.outcome.before
        return AmountLine.of("", before.amount, after.amount, self._exponent)

    @property
    def components(self) -> Sequence[AmountLine]:
        """Those of either side, in their order."""
        before = self.outcome.before.components
        after = before if self.outcome.after is None else self.outcome.after.components
        zero = Decimal(0)
        return [
            AmountLine.of(words(name), before.get(name, zero), after.get(name, zero), self._exponent)
            for name in before | after
        ]

    @property
    def fare_before(self) -> str:
        return money_text(self.outcome.before.amount, self.currency, self._exponent)

    @property
    def fare_after(self) -> str | None:
        after = self.outcome.after
        return None if after is None else money_text(after.amount, self.currency, self._exponent)

    @property
    def event(self) -> Planned | None:
        return self.outcome.event

    @property
    def change(self) -> str | None:
        """The event as an instruction: "Take SGD 5.00 off (toll)"."""
        if self.event is None:
            return None
        return change_in_words(self.event, self.currency, self._exponent)

    @property
    def amount(self) -> str | None:
        """Of the event."""
        return None if self.event is None else money_text(self.event.amount, self.currency, self._exponent)

    @property
    def component(self) -> str | None:
        """Of the event."""
        return None if self.event is None else words(self.event.component)

    @property
    def _exponent(self) -> int:
        return self.outcome.head.exponent
