"""What an event must be like to be found: its component, source, time, whether it corrects, the fare after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import cache
from typing import Any

from events.money import MAX_EXPONENT
from projections.sql import statement

_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Filters that one event must meet together; None, False or "": any event does."""

    component: str = ""
    source: str = ""
    corrections: bool = False
    """Only events that correct another."""
    since: datetime | None = None
    until: datetime | None = None
    """Recorded before this."""
    currency: str = ""
    lowest: Decimal | None = None
    highest: Decimal | None = None
    """Bounds of the fare after the event, both included."""

    def __bool__(self) -> bool:
        return self != EventFilter()

    @property
    def exact(self) -> Decimal | None:
        """The one amount that the fare must have been, if it is no range."""
        return self.lowest if self.lowest == self.highest else None

    def parameters(self) -> dict[str, Any]:
        """What `event_meets` and the walks are given."""
        return {
            "component": self.component or None,
            "source": self.source or None,
            "corrections": self.corrections,
            "since": self.since,
            "until": self.until,
            "currency": self.currency or None,
            "lowest": _in_minor_units(self.lowest, ROUND_CEILING),
            "highest": _in_minor_units(self.highest, ROUND_FLOOR),
        }


def _in_minor_units(amount: Decimal | None, rounding: str) -> list[int] | None:
    """A bound in minor units of 0 decimals, of 1, of 2 …: the next whole number within it."""
    if amount is None:
        return None
    scaled = (amount.scaleb(exponent, context=_EXACT) for exponent in range(MAX_EXPONENT + 1))
    return [int(minor.to_integral_value(rounding=rounding)) for minor in scaled]


@cache
def with_filters(name: str) -> str:
    """The text of `<name>.sql` with what an event must meet."""
    meets = _code("event_meets")
    text = _code(name).replace(":later_meets", meets.replace("event.", "later."))
    return text.replace(":meets", meets)


def _code(name: str) -> str:
    """Without the lines that are comments: they may speak of what is put in."""
    return "\n".join(line for line in statement(name).splitlines() if not line.startswith("--"))
