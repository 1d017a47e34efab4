"""Days as columns of stacked changes: a pure layout, in Decimals until the last step.

What goes up stands above the zero line, what goes down below it, so a column's ends are the day's rises and falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from projections.waterfall import DIGIT_WIDTH, GAP, SHORT_TICKS, Scale
from projections.wording import UNITS, rounded_text, signed_text

ZERO: Final = Decimal(0)
TOP: Final = 26.0
LABELS: Final = 26.0
BAR_SHARE: Final = 0.62
MOST_BAR: Final = 56.0


@dataclass(frozen=True, slots=True)
class Size:
    """Of the whole chart, in user units of an SVG."""

    width: float
    height: float


WIDE: Final = Size(1040.0, 300.0)
NARROW: Final = Size(340.0, 240.0)


@dataclass(frozen=True, slots=True)
class Column:
    """One day: what stands below it, how a tooltip names it, and its change in each series."""

    label: str
    name: str
    changes: Sequence[Decimal]


@dataclass(frozen=True, slots=True)
class Piece:
    """A series' part of a column; `series` counts from 1."""

    series: int
    y: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    width: float
    middle: float
    label: str
    value: str
    value_y: float
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class Tick:
    y: float
    text: str
    is_zero: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart ready to draw; origin at the top left."""

    width: float
    height: float
    left: float
    labels_y: float
    bars: list[Bar]
    ticks: list[Tick]


def lay_out(columns: Sequence[Column], series: Sequence[str], exponent: int, size: Size) -> Chart:
    """The places of all columns. `exponent`: decimals of the currency."""
    scale = Scale.over(end for column in columns for end in _ends(column))
    plot = _Plot(scale, size)
    texts = _tick_texts(scale, exponent)
    left = GAP + DIGIT_WIDTH * max(len(text) for _, text in texts)
    slot = (size.width - left) / max(len(columns), 1)
    unit = _unit(columns, exponent, slot)
    return Chart(
        width=size.width,
        height=size.height,
        left=round(left, 2),
        labels_y=size.height - 6,
        bars=[
            _bar(column, series, exponent, plot, left + slot * at, slot, unit)
            for at, column in enumerate(columns)
        ],
        ticks=[Tick(plot.y(amount), text, amount == 0) for amount, text in texts],
    )


@dataclass(frozen=True, slots=True)
class _Plot:
    scale: Scale
    size: Size

    def y(self, amount: Decimal) -> float:
        height = self.size.height - TOP - LABELS
        return round(TOP + height * float(1 - self.scale.share(amount)), 2)


def _ends(column: Column) -> tuple[Decimal, Decimal]:
    """How far down and up its pieces reach."""
    down = sum((change for change in column.changes if change < 0), ZERO)
    return down, sum((change for change in column.changes if change > 0), ZERO)


def _bar(
    column: Column,
    series: Sequence[str],
    exponent: int,
    plot: _Plot,
    start: float,
    slot: float,
    unit: tuple[int, int],
) -> Bar:
    width = min(slot * BAR_SHARE, MOST_BAR)
    middle = start + slot / 2
    _, up = _ends(column)
    return Bar(
        x=round(middle - width / 2, 2),
        width=round(width, 2),
        middle=round(middle, 2),
        label=column.label,
        value=rounded_text(sum(column.changes, ZERO), *unit) if any(column.changes) else "",
        value_y=round(plot.y(up) - 7, 2),
        pieces=_pieces(column, series, exponent, plot),
    )


def _pieces(column: Column, series: Sequence[str], exponent: int, plot: _Plot) -> list[Piece]:
    pieces, up, down = [], ZERO, ZERO
    for at, change in enumerate(column.changes):
        if not change:
            continue
        begin = up if change > 0 else down
        top, bottom = sorted((plot.y(begin), plot.y(begin + change)))
        title = f"{column.name}, {series[at]}: {signed_text(change, exponent)}"
        pieces.append(Piece(at + 1, top, round(bottom - top, 2), title))
        up, down = (up + change, down) if change > 0 else (up, down + change)
    return pieces


def _unit(columns: Sequence[Column], exponent: int, slot: float) -> tuple[int, int]:
    """Power of ten and decimals in which the days' sums fit above their columns."""
    sums = [sum(column.changes, ZERO) for column in columns]
    largest = max((abs(amount) for amount in sums), default=ZERO)
    power = max((one for one in UNITS if largest >= Decimal(10) ** one), default=0)
    choices = [(0, exponent), (0, 0), (power, 1), (power, 0)]
    for unit in choices:
        if all(len(rounded_text(amount, *unit)) * DIGIT_WIDTH <= slot for amount in sums):
            return unit
    return choices[-1]


def _tick_texts(scale: Scale, exponent: int) -> list[tuple[Decimal, str]]:
    """The axis: one unit and one number of decimals for all."""
    amounts = scale.ticks(exponent)
    largest = max(abs(amount) for amount in amounts)
    power = max((one for one in UNITS if largest >= SHORT_TICKS and largest >= Decimal(10) ** one), default=0)
    decimals = max(_decimals(amount.scaleb(-power)) for amount in amounts)
    return [(amount, rounded_text(amount, power, min(decimals, exponent + power))) for amount in amounts]


def _decimals(amount: Decimal) -> int:
    return max(0, -int(amount.normalize().as_tuple().exponent))
