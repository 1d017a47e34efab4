"""A receipt's document as the words that HTML and PDF show: both draw this, so that they cannot differ. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal
from unicodedata import bidirectional
from zoneinfo import ZoneInfo

import msgspec
from django.utils import translation
from django.utils.translation import get_language_info, ngettext
from django.utils.translation import gettext as _

from projections.receipts.document import Detail, Document, Line, Replaced
from projections.wording import TIMES, amount_text, money_text, signed_text, words

Direction = Literal["ltr", "rtl"]


class DetailText(msgspec.Struct, frozen=True):
    """A service's own words. `amount` is empty where it is the line's."""

    text: str
    direction: Direction
    amount: str


class LineText(msgspec.Struct, frozen=True):
    label: str
    count: str
    amount: str
    details: tuple[DetailText, ...]
    more: str


class ChangeText(msgspec.Struct, frozen=True):
    label: str
    amount: str


class Presentation(msgspec.Struct, frozen=True):
    """All that is on a receipt, in its order."""

    language: str
    direction: Direction
    number: str
    title: str
    heading: str
    facts: tuple[tuple[str, str], ...]
    fare: str
    columns: tuple[str, str]
    lines: tuple[LineText, ...]
    total: tuple[str, str]
    remark: str
    replaces: str
    difference: tuple[str, str] | None
    changes_heading: str
    changes: tuple[ChangeText, ...]
    foot: str
    page: str
    """With %p for the page and %t for their number."""


def present(document: Document) -> Presentation:
    """The document in words, in its own language."""
    with translation.override(document.language):
        fare = money_text(Decimal(document.fare), document.currency, document.exponent)
        heading = _("Receipt")
        before = document.replaces
        return Presentation(
            language=document.language,
            direction="rtl" if get_language_info(document.language)["bidi"] else "ltr",
            number=document.number,
            title=_("Receipt %(number)s") % {"number": document.number},
            heading=heading,
            facts=_facts(document),
            fare=fare,
            columns=(_("What for"), document.currency),
            lines=tuple(_line(line, document.exponent) for line in document.lines),
            total=(_("Total fare"), fare),
            remark=_remark(Decimal(document.fare)),
            replaces="" if before is None else _replaces(before, document),
            difference=None if before is None else _difference(before, document),
            changes_heading=_("What changed"),
            changes=() if before is None else _changes(before, document.exponent),
            foot=_(
                "The fare is the amount due for the booking at the time above. "
                "This receipt does not say what has been paid."
            ),
            page=_("Page %(page)s of %(pages)s") % {"page": "%p", "pages": "%t"},
        )


def direction_of(text: str) -> Direction:
    """The direction that a text has by its first letter, as HTML's dir=auto decides."""
    for character in text:
        kind = bidirectional(character)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return "ltr"


def _facts(document: Document) -> tuple[tuple[str, str], ...]:
    return (
        (_("Receipt number"), document.number),
        (_("Booking"), document.booking_id),
        (_("Issued"), _time_text(document.issued_at, document.time_zone)),
        (_("Fare last changed"), _time_text(document.fare_at, document.time_zone)),
    )


def _time_text(instant: str, time_zone: str) -> str:
    """To the minute, with its distance from UTC: "2026-05-03 22:05 UTC+08:00", which reads the same everywhere."""
    local = datetime.fromisoformat(instant).astimezone(ZoneInfo(time_zone))
    offset = f"{local:%z}"
    distance = "" if offset == "+0000" else f"{offset[:3]}:{offset[3:5]}"
    return f"{local:%Y-%m-%d %H:%M} UTC{distance}"


def _line(line: Line, exponent: int) -> LineText:
    several = line.changes > 1
    listed = len(line.details)
    more = line.changes - listed
    return LineText(
        label=_label(line),
        count=f"{TIMES}{line.changes}" if several else "",
        amount=amount_text(Decimal(line.amount), exponent),
        details=tuple(_detail(detail, exponent, several) for detail in line.details),
        more=""
        if not listed or not more
        else ngettext("and %(count)d other change", "and %(count)d other changes", more) % {"count": more},
    )


def _label(line: Line) -> str:
    if line.kind == "correction":
        return _("Correction of %(component)s") % {"component": words(line.component)}
    return line.label


def _detail(detail: Detail, exponent: int, several: bool) -> DetailText:
    amount = signed_text(Decimal(detail.amount), exponent) if several else ""
    return DetailText(detail.text, direction_of(detail.text), amount)


def _remark(fare: Decimal) -> str:
    if fare < 0:
        return _("The fare is below zero, in the customer's favour.")
    return "" if fare else _("Nothing is due.")


def _replaces(before: Replaced, document: Document) -> str:
    return _("This receipt replaces %(number)s of %(issued)s.") % {
        "number": before.number,
        "issued": _time_text(before.issued_at, document.time_zone),
    }


def _difference(before: Replaced, document: Document) -> tuple[str, str]:
    parts = {
        "before": money_text(Decimal(before.fare), document.currency, document.exponent),
        "after": money_text(Decimal(document.fare), document.currency, document.exponent),
    }
    if Decimal(before.difference) == 0:
        return _("The fare is %(after)s as before") % parts, amount_text(Decimal(0), document.exponent)
    return (
        _("The fare was %(before)s, it is %(after)s now") % parts,
        signed_text(Decimal(before.difference), document.exponent),
    )


def _changes(before: Replaced, exponent: int) -> tuple[ChangeText, ...]:
    return tuple(
        ChangeText(change.label, signed_text(Decimal(change.amount), exponent)) for change in before.changes
    )
