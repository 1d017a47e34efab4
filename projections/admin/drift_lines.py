"""Drift as operators read it: what is stored beside what the ledger gives, money as money."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from events.money import from_minor
from projections.admin import spans
from projections.admin.fares import fare_url
from projections.explain import sum_text, terms_of
from projections.models import Drift
from projections.projectors import UnknownProjection, projector
from projections.wording import capitalised, money_text, words

ABSENT = "–"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Value:
    """One thing in which two rows differ."""

    name: str
    stored: str
    rebuilt: str


@dataclass(frozen=True, slots=True)
class DriftLine:
    """One row that differed."""

    drift: Drift
    now: datetime

    @property
    def id(self) -> int:
        return self.drift.pk

    @property
    def projection(self) -> str:
        return self.drift.projection

    @property
    def title(self) -> str:
        return capitalised(self.drift.projection)

    @property
    def partition(self) -> int:
        return self.drift.partition

    @property
    def table(self) -> str:
        return self.drift.table

    @property
    def booking_id(self) -> str | None:
        return self.drift.booking_id

    @property
    def what(self) -> str:
        """What the row is of: its booking, else its key."""
        return self.drift.booking_id or ", ".join(f"{words(k)} {v}" for k, v in self.drift.key.items())

    @property
    def tick(self) -> bool:
        """Whether it can be put right by itself: it is open, and of one booking."""
        is_open = self.drift.put_right_at is None and not self.drift.is_expected
        return is_open and self.drift.booking_id is not None and folds_one(self.drift.projection)

    @property
    def is_expected(self) -> bool:
        return self.drift.is_expected

    @property
    def rebuild_id(self) -> Any:
        return self.drift.rebuild_id

    @property
    def found_at(self) -> datetime:
        return self.drift.found_at

    @property
    def found_text(self) -> str:
        return spans.ago(self.drift.found_at, self.now)

    @property
    def put_right_at(self) -> datetime | None:
        return self.drift.put_right_at

    @property
    def put_right_text(self) -> str:
        return spans.ago(self.drift.put_right_at, self.now) if self.drift.put_right_at else ""

    @property
    def first_version(self) -> int | None:
        return self.drift.first_version if self.drift.booking_id else None

    @property
    def fare_url(self) -> str:
        return fare_url(self.drift.booking_id or "")

    @property
    def first_version_url(self) -> str:
        """The fare page, at the event where the two began to differ, also in a long history."""
        version = self.drift.first_version or 1
        return f"{self.fare_url}?before={version + 1}#v{version}"

    @property
    def rebuilt_words(self) -> str:
        return _("By the new version") if self.drift.is_expected else _("By the ledger")

    @property
    def values(self) -> list[Value]:
        return differing(self.drift.stored, self.drift.rebuilt)

    @property
    def stored_json(self) -> str:
        return _json(self.drift.stored)

    @property
    def rebuilt_json(self) -> str:
        return _json(self.drift.rebuilt)


def differing(stored: Row | None, rebuilt: Row | None) -> list[Value]:
    """What differs between two rows, in words; a row that is not there says so in one line."""
    if stored is None or rebuilt is None:
        return [Value(_("row"), _in_one_line(stored), _in_one_line(rebuilt))]
    left, right = readable(stored), readable(rebuilt)
    names = [name for name in {**left, **right} if left.get(name) != right.get(name)]
    return [Value(name, left.get(name, ABSENT), right.get(name, ABSENT)) for name in names]


def readable(row: Row) -> dict[str, str]:
    """The row's columns in words; amounts in minor units become money, components a sum."""
    rest = dict(row)
    lines: dict[str, str] = {}
    exponent, currency = row.get("exponent"), row.get("currency")
    if isinstance(exponent, int) and isinstance(rest.get("fare_minor"), int):
        lines[_("fare")] = money_text(from_minor(rest.pop("fare_minor"), exponent), str(currency), exponent)
    made_of = _made_of(rest, exponent)
    if made_of is not None:
        lines[_("made of")] = made_of
    return lines | {words(name): _plain(value) for name, value in rest.items()}


def _made_of(rest: Row, exponent: Any) -> str | None:
    """The sum of the components; takes them out of `rest` if they pair up with their amounts."""
    names, amounts = rest.get("components"), rest.get("component_amounts")
    if not (isinstance(exponent, int) and isinstance(names, list) and isinstance(amounts, list)):
        return None
    if len(names) != len(amounts):
        return None
    del rest["components"], rest["component_amounts"]
    breakdown = {name: from_minor(minor, exponent) for name, minor in zip(names, amounts, strict=True)}
    terms = terms_of(breakdown)
    return sum_text(terms, exponent) if terms else _("nothing is due")


def _in_one_line(row: Row | None) -> str:
    if row is None:
        return _("missing")
    lines = readable(row)
    return lines.get(_("fare")) or ", ".join(f"{name} {text}" for name, text in lines.items())


def _plain(value: Any) -> str:
    return ABSENT if value is None else value if isinstance(value, str) else json.dumps(value)


def _json(row: Row | None) -> str:
    return _("no row") if row is None else json.dumps(row, indent=2, ensure_ascii=False)


def folds_one(name: str) -> bool:
    """Whether the projection has rows of single bookings, which can be folded anew by themselves."""
    try:
        found = projector(name)
    except UnknownProjection:
        return False
    return found.by_booking and bool(found.tables)
