"""The list of what was set aside, and its retries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from events.new_event import BOOKING_ID
from projections import set_aside
from projections.admin import spans
from projections.admin.filters import Choice, projection_choices, query
from projections.projectors import PROJECTORS, UnknownProjection, projector
from projections.repairs import MOST, Place
from projections.set_aside import SetAside
from projections.wording import capitalised

SHOWN = 100
"""Bookings on the page, so also the most that are retried at once."""

_SEPARATOR = "/"  # no projection's name and no booking id has one


@dataclass(frozen=True, slots=True)
class SetAsideLine:
    """One booking that a projection lacks events of."""

    it: SetAside
    now: datetime

    @property
    def key(self) -> str:
        return f"{self.it.projection}{_SEPARATOR}{self.it.booking_id}"

    @property
    def title(self) -> str:
        return capitalised(self.it.projection)

    @property
    def since(self) -> str:
        return spans.ago(self.it.set_aside_at, self.now)


@dataclass(frozen=True, slots=True)
class SetAsidePage:
    """The oldest of what is set aside, of one projection or of all ("")."""

    projection: str
    oldest: list[SetAside]
    """Those that are shown."""
    counts: dict[str, int]
    """Projection → how many are set aside."""
    now: datetime = field(default_factory=timezone.now)

    @property
    def lines(self) -> list[SetAsideLine]:
        return [SetAsideLine(it, self.now) for it in self.oldest]

    @property
    def total(self) -> int:
        return sum(number for name, number in self.counts.items() if self.projection in ("", name))

    @property
    def total_text(self) -> str:
        return spans.count(self.total)

    @property
    def more(self) -> str:
        """How many are not shown, in figures; nothing if all are."""
        left = self.total - SHOWN
        return spans.count(left) if left > 0 else ""

    @property
    def all_words(self) -> str:
        """What retries more than the page shows; a repair has an end to what it takes."""
        if self.total > MOST:
            return _("Retry the oldest %(number)s") % {"number": spans.count(MOST)}
        return _("Retry all %(number)s") % {"number": self.total_text}

    @property
    def choices(self) -> list[Choice]:
        return projection_choices(self.counts, self.projection)


def read_page(projection: str) -> SetAsidePage:
    """The oldest of what is set aside now, of a projection that there is, else of all."""
    known = _known(projection)
    return SetAsidePage(known, set_aside.of(known or None, most=SHOWN), set_aside.counts())


def address(projection: str) -> str:
    """The list's own address."""
    chosen = query(projection=projection)
    return reverse("admin:projections_set_aside") + (f"?{chosen}" if chosen else "")


def places(request: HttpRequest, keys: Iterable[str]) -> list[Place]:
    """The bookings named `projection/booking` that can be retried; says by a message which cannot, or that none was."""
    chosen = list(dict.fromkeys(keys))[:SHOWN]
    if not chosen:
        messages.warning(request, _("Nothing was selected."))
    found = (_place(request, key) for key in chosen)
    return [place for place in found if place is not None]


def all_places(projection: str) -> list[Place]:
    """What is set aside, the oldest first, as many as a repair takes; of a projection that there is, else of all."""
    return [Place(*place) for place in set_aside.places(_known(projection) or None, most=MOST)]


def _known(projection: str) -> str:
    return projection if projection in {one.name for one in PROJECTORS} else ""


def _place(request: HttpRequest, key: str) -> Place | None:
    name, _slash, booking_id = key.partition(_SEPARATOR)
    what = {"booking": booking_id, "projection": capitalised(name)}
    try:
        projector(name)
    except UnknownProjection:
        messages.error(request, _("There is no projection %(projection)s.") % what)
        return None
    if not BOOKING_ID.fullmatch(booking_id):
        messages.info(request, _("%(booking)s is no longer set aside in %(projection)s.") % what)
        return None
    return Place(name, booking_id)
