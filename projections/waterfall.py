"""How a fare came about, as columns to draw: a pure layout, in Decimals until the last step.

`lay_out` gives the steps of the big chart their places, `row_bars` those of the small bar beside each event.
Up and down are only told apart, not judged: a higher fare is neither good nor bad.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from textwrap import wrap

from events.event import FareEvent
from projections.steps import ZERO, Kind, Step, step_of
from projections.wording import NEARLY_ZERO, UNITS, rounded_text


@dataclass(frozen=True, slots=True)
class Scale:
    """A range of amounts that always holds zero and is never empty."""

    low: Decimal
    high: Decimal

    @classmethod
    def over(cls, amounts: Iterable[Decimal]) -> Scale:
        values = [ZERO, *amounts]
        low, high = min(values), max(values)
        return cls(low, high if high > low else low + 1)

    def share(self, amount: Decimal) -> Decimal:
        """Where an amount lies: 0 at `low`, 1 at `high`."""
        return (amount - self.low) / (self.high - self.low)

    def ticks(self, exponent: int) -> list[Decimal]:
        """Three to six round amounts within the range, none finer than the currency's smallest unit."""
        rough = (self.high - self.low) / 4
        power = Decimal(1).scaleb(rough.adjusted())
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
        step = max(step, Decimal(1).scaleb(-exponent))
        first = -((-self.low) / step).to_integral_value(ROUND_FLOOR)
        count = int((self.high / step).to_integral_value(ROUND_FLOOR) - first)
        return [(first + at) * step for at in range(count + 1)]


WIDTH = 760.0
PLOT_TOP = 30.0
PLOT_HEIGHT = 216.0
LABELS_HEIGHT = 58.0
MAX_BAR = 96.0
DENSE_SLOT = 72.0
"""Below this width a column has only room for smaller letters."""
DIGIT_WIDTH = 7.4
SMALL_DIGIT_WIDTH = 6.4
LETTER_WIDTH = 6.7
SMALL_LETTER_WIDTH = 6.0
GAP = 10.0
LABEL_GAP = 6.0
FLAT = 3.0
"""Below this height a column is drawn as a line, so that next to nothing is still seen."""
LEAST_LENGTH = 0.01
"""Of a small bar, in per cent: one of no width is not drawn at all, not even its stroke."""
SHORT_TICKS = 10_000
"""Amounts from which an axis is told in thousands, millions …"""


@dataclass(frozen=True, slots=True)
class Bar:
    """A column with its place. `value` stands above it, `lines` below, `title` is the exact text of both."""

    kind: Kind
    x: float
    y: float
    width: float
    height: float
    middle: float
    right: float
    value_y: float
    value: str
    lines: tuple[str, ...]
    note: str
    title: str

    @property
    def is_flat(self) -> bool:
        """Whether it is too low to be seen as a column."""
        return self.height < FLAT


@dataclass(frozen=True, slots=True)
class Link:
    """The thin line at one fare's height from a column to the next."""

    x1: float
    x2: float
    y: float


@dataclass(frozen=True, slots=True)
class Tick:
    y: float
    text: str
    is_zero: bool


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A chart ready to draw; user units of an SVG, origin at the top left."""

    width: float
    height: float
    left: float
    right: float
    labels_y: float
    dense: bool
    bars: list[Bar]
    links: list[Link]
    ticks: list[Tick]


def lay_out(steps: Sequence[Step], exponent: int) -> Waterfall | None:
    """The places of all columns; None if there are none. `exponent`: decimals of the currency."""
    if not steps:
        return None
    scale = Scale.over(fare for step in steps for fare in (step.before, step.after))
    ticks = _ticks(scale, exponent)
    left = GAP + DIGIT_WIDTH * max(len(tick.text) for tick in ticks)
    slots = _slots(left, steps, exponent)
    values = _values(steps, exponent, slots[0].width)
    bars = [
        _bar(step, scale, exponent, slot, value)
        for step, slot, value in zip(steps, slots, values, strict=True)
    ]
    return Waterfall(
        width=WIDTH,
        height=PLOT_TOP + PLOT_HEIGHT + LABELS_HEIGHT,
        left=round(left, 2),
        right=WIDTH,
        labels_y=PLOT_TOP + PLOT_HEIGHT + 20,
        dense=slots[0].is_dense,
        bars=bars,
        links=_links(steps, bars, scale),
        ticks=ticks,
    )


@dataclass(frozen=True, slots=True)
class Slot:
    """The room of a column, with its bar, value and label."""

    start: float
    width: float

    @property
    def is_dense(self) -> bool:
        return self.width < DENSE_SLOT


def _slots(left: float, steps: Sequence[Step], exponent: int) -> list[Slot]:
    """Equal ones, but the last has room for the exact fare whatever its length."""
    even = (WIDTH - left) / len(steps)
    last = max(even, DIGIT_WIDTH * len(_value(steps[-1], exponent)))
    width = (WIDTH - left - last) / (len(steps) - 1) if len(steps) > 1 else even
    return [*(Slot(left + width * at, width) for at in range(len(steps) - 1)), Slot(WIDTH - last, last)]


def _ticks(scale: Scale, exponent: int) -> list[Tick]:
    """The axis: one unit and one number of decimals for all."""
    amounts = scale.ticks(exponent)
    largest = max(abs(amount) for amount in amounts)
    power = _power_of(largest) if largest >= SHORT_TICKS else 0
    decimals = max(_decimals(amount.scaleb(-power)) for amount in amounts) if power else exponent
    return [Tick(_y(scale, amount), rounded_text(amount, power, decimals), amount == 0) for amount in amounts]


def _power_of(amount: Decimal) -> int:
    """The largest unit that is not more than the amount."""
    return max((power for power in UNITS if amount >= Decimal(10) ** power), default=0)


def _decimals(amount: Decimal) -> int:
    """How many decimals it takes to write an amount in full."""
    return max(0, -int(amount.normalize().as_tuple().exponent))


def _y(scale: Scale, amount: Decimal) -> float:
    return round(PLOT_TOP + PLOT_HEIGHT * float(1 - scale.share(amount)), 2)


def _bar(step: Step, scale: Scale, exponent: int, slot: Slot, value: str) -> Bar:
    top, bottom = sorted((_y(scale, step.before), _y(scale, step.after)))
    width = min(slot.width * 0.62, MAX_BAR)
    middle = round(slot.start + slot.width / 2, 2)
    return Bar(
        kind=step.kind,
        x=round(middle - width / 2, 2),
        y=top,
        width=round(width, 2),
        height=round(bottom - top, 2),
        middle=middle,
        right=round(middle + width / 2, 2),
        value_y=round(top - 8, 2),
        value=value,
        lines=_lines(step.label, slot),
        note=step.note,
        title=f"{step.label} {step.note}".strip() + f": {_value(step, exponent)}",
    )


def _lines(label: str, slot: Slot) -> tuple[str, ...]:
    """A label on at most two lines of a column; what does not fit ends in an ellipsis."""
    letter = SMALL_LETTER_WIDTH if slot.is_dense else LETTER_WIDTH
    room = max(5, int((slot.width - LABEL_GAP) / letter))
    fitting = " ".join(word if len(word) <= room else f"{word[: room - 1]}…" for word in label.split())
    return tuple(wrap(fitting, room, max_lines=2, placeholder="…"))


def _values(steps: Sequence[Step], exponent: int, room: float) -> list[str]:
    """What stands at the columns, all told alike: exact if that fits, else whole, else in thousands or more.

    The last column, the fare, is always exact.
    """
    *columns, total = steps
    digit = SMALL_DIGIT_WIDTH if room < DENSE_SLOT else DIGIT_WIDTH
    texts: list[str] = []
    for power, decimals in (
        (0, exponent),
        (0, 0),
        *((power, more) for power in UNITS if power for more in (1, 0)),
    ):
        texts = [_value(step, decimals, power) for step in columns]
        if all(len(text) * digit <= room for text in texts):
            break
    return [*texts, _value(total, exponent)]


def _value(step: Step, decimals: int, power: int = 0) -> str:
    if step.kind == Kind.WHOLE:
        return rounded_text(step.after, power, decimals)
    text = rounded_text(step.change, power, decimals)
    return f"+{text}" if step.change > 0 and text != NEARLY_ZERO else text


def _links(steps: Sequence[Step], bars: Sequence[Bar], scale: Scale) -> list[Link]:
    """Each column's end joined to the next one, where the next one goes on from there."""
    links = []
    for at in range(len(steps) - 1):
        step, following = steps[at], steps[at + 1]
        is_total = at + 2 == len(steps)
        if following.before == step.after or (is_total and following.after == step.after):
            links.append(Link(bars[at].right, bars[at + 1].x, _y(scale, step.after)))
    return links


@dataclass(frozen=True, slots=True)
class RowBar:
    """The small bar in an event's row, in per cent of the row's width; `zero` is where 0 lies."""

    kind: Kind
    start: float
    length: float
    zero: float


def row_bars(events: Sequence[FareEvent]) -> list[RowBar]:
    """One bar per event, all on the scale of the highest and lowest fare among them."""
    steps = [step_of(event) for event in events]
    scale = Scale.over(fare for step in steps for fare in (step.before, step.after))
    return [_row_bar(step, scale) for step in steps]


def _row_bar(step: Step, scale: Scale) -> RowBar:
    start, end = sorted((scale.share(step.before), scale.share(step.after)))
    percent = Decimal(100)
    return RowBar(
        kind=step.kind,
        start=round(float(start * percent), 2),
        length=max(round(float((end - start) * percent), 2), LEAST_LENGTH),
        zero=round(float(scale.share(ZERO) * percent), 2),
    )
