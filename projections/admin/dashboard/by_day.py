"""What each day's events changed in the fares, by component: a chart and the table that says the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from projections.activity import lacking
from projections.admin import spans
from projections.admin.dashboard.card import Asked
from projections.admin.dashboard.chart import NARROW, WIDE, Chart, Column, lay_out
from projections.admin.dashboard.today import midnight_of
from projections.admin.filters import Choice, query
from projections.sql import statement
from projections.totals import Total, totals
from projections.wording import capitalised, money_text, signed_text

DAYS: Final = 14
NARROW_DAYS: Final = 7
"""As many columns as a phone has room for."""
SERIES: Final = 5
"""Components that have a colour and a column of their own; the others are summed."""
LATE_SECONDS: Final = 10.0
"""Totals that lack events for longer than this say so."""

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Row:
    """One day in the table."""

    day: date
    is_today: bool
    cells: list[str]
    all: str


@dataclass(frozen=True, slots=True)
class ByDay:
    """The changes of some UTC days in one currency; without a currency there was none."""

    currency: str
    choices: list[Choice]
    series: list[str]
    rows: list[Row]
    """The latest first."""
    wide: Chart | None
    narrow: Chart | None
    sentence: str
    behind: str
    """How far the totals are behind; nothing where they follow."""

    @property
    def is_empty(self) -> bool:
        return not self.currency


def compute(asked: Asked) -> ByDay:
    """Reads the totals of these days: as many rows as there are kinds of events, whatever their number."""
    last = midnight_of(asked.now).date()
    first = last - timedelta(days=DAYS - 1)
    currencies = _currencies(first, last)
    behind = _behind(asked.now)
    chosen = asked.currency if asked.currency in currencies else next(iter(currencies), "")
    choices = [Choice(code, "?" + query(currency=code), code == chosen) for code in sorted(currencies)]
    if not chosen:
        return ByDay("", choices, [], [], None, None, "", behind)
    return _of(chosen, choices, [first + timedelta(days=at) for at in range(DAYS)], behind)


def _of(currency: str, choices: list[Choice], days: list[date], behind: str) -> ByDay:
    found = totals(days[0], days[-1], currency=currency)
    exponent = max((total.exponent for total in found), default=0)
    names = _series(found)
    changes = _changes(found, names)
    rows = [
        Row(
            day,
            is_today=day == days[-1],
            cells=[signed_text(changes[day][at], exponent) for at in range(len(names))],
            all=signed_text(sum(changes[day], ZERO), exponent),
        )
        for day in reversed(days)
    ]
    titles = [capitalised(name) if name else _("Others") for name in names]
    return ByDay(
        currency=currency,
        choices=choices,
        series=titles,
        rows=rows,
        wide=lay_out(_columns(days, changes, "j M"), titles, exponent, WIDE),
        narrow=lay_out(_columns(days[-NARROW_DAYS:], changes, "D"), titles, exponent, NARROW),
        sentence=_sentence(currency, exponent, changes),
        behind=behind,
    )


def _series(found: Sequence[Total]) -> list[str]:
    """The components that moved most, in the order of how much; "" at the end for the others, if there are any."""
    moved: dict[str, Decimal] = defaultdict(Decimal)
    for total in found:
        moved[total.component] += abs(total.change)
    names = sorted(moved, key=lambda name: (-moved[name], name))
    return names if len(names) <= SERIES + 1 else [*names[:SERIES], ""]


def _changes(found: Iterable[Total], names: list[str]) -> defaultdict[date, list[Decimal]]:
    """Day → the change of each series."""
    changes: defaultdict[date, list[Decimal]] = defaultdict(lambda: [ZERO] * len(names))
    place = {name: at for at, name in enumerate(names)}
    for total in found:
        changes[total.day][place.get(total.component, len(names) - 1)] += total.change
    return changes


def _columns(days: list[date], changes: dict[date, list[Decimal]], form: str) -> list[Column]:
    """A column for each day, labelled in this form of a date; the last is today."""
    return [
        Column(
            label=date_format(day, form) if day != days[-1] else _("today"),
            name=date_format(day, "j M"),
            changes=changes[day],
        )
        for day in days
    ]


def _sentence(currency: str, exponent: int, changes: dict[date, list[Decimal]]) -> str:
    """What the chart shows, for those who do not see it."""
    of_days = [sum(day, ZERO) for day in changes.values()]
    days = sum(any(day) for day in changes.values())
    return _("On %(days)d of the last %(all)d days fares changed, by %(sum)s in all.") % {
        "days": days,
        "all": DAYS,
        "sum": money_text(sum(of_days, ZERO), currency, exponent),
    }


def _behind(now: datetime) -> str:
    lag = lacking("daily_totals")
    seconds = (now - lag.since).total_seconds() if lag.since else 0.0
    return spans.lag(lag.events, seconds) if seconds > LATE_SECONDS else ""


def _currencies(first: date, last: date) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement("currencies_of_days"), {"day_from": first, "day_to": last})
        return [code for (code,) in cursor.fetchall()]
