"""What a list of fares says of itself: its heading, and the filters that it is narrowed by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from projections.admin.fare_search import FareSearch, Kind
from projections.admin.filter_form import STATES, FilterForm
from projections.wording import words


def heading(found: FareSearch, *, is_by_amount: bool = False) -> str:
    """What the fares of a list have in common, and their order where it is not that of their ids."""
    if found.kind == Kind.REFERENCE:
        return _("Bookings that name “%(reference)s”") % {"reference": found.reference}
    if found.kind == Kind.BEGINNING:
        return _("Bookings that begin with “%(query)s”") % {"query": found.query}
    if found.kind == Kind.PART:
        return _("Bookings with “%(query)s” in their id") % {"query": found.query}
    if found.kind == Kind.TRANSACTION:
        return _("Bookings with an event of the transaction %(query)s") % {"query": found.query}
    if is_by_amount:
        return _("Fares found, the highest first")
    return _("Fares found, the newest event first") if found.shows_events else _("Fares found")


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in force."""

    text: str
    without: str
    """The address of the same search without it."""


def chips(form: FilterForm, address_without: Callable[..., str]) -> list[Chip]:
    """The filters of a valid form; `address_without` is given the names of parameters."""
    return [Chip(text, address_without(*names)) for text, names in _said(form)]


def _said(form: FilterForm) -> Iterator[tuple[str, tuple[str, ...]]]:
    data = form.cleaned_data
    if data["state"]:
        yield str(STATES[data["state"]]), ("state",)
    if data["component"]:
        yield words(data["component"]), ("component",)
    if data["source"]:
        yield _("by %(source)s") % {"source": data["source"]}, ("source",)
    yield from _bounds(data["since"], data["until"], ("since", "until"))
    if data["currency"]:
        yield data["currency"], ("currency",)
    yield from _bounds(data["lowest"], data["highest"], ("lowest", "highest"))


def _bounds(low: object, high: object, names: tuple[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if low is not None and low == high:
        yield str(low), names
        return
    if low is not None:
        yield _("from %(low)s") % {"low": low}, names[:1]
    if high is not None:
        yield _("up to %(high)s") % {"high": high}, names[1:]
