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
from projections.repairs import Place
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
    everything: list[SetAside]
    now: datetime = field(default_factory=timezone.now)

    @property
    def of_projection(self) -> list[SetAside]:
        return [it for it in self.everything if self.projection in ("", it.projection)]

    @property
    def lines(self) -> list[SetAsideLine]:
        return [SetAsideLine(it, self.now) for it in self.of_projection[:SHOWN]]

    @property
    def total(self) -> int:
        return len(self.of_projection)

    @property
    def total_text(self) -> str:
        return spans.count(self.total)

    @property
    def more(self) -> str:
        """How many are not shown, in figures; nothing if all are."""
        left = self.total - SHOWN
        return spans.count(left) if left > 0 else ""

    @property
    def choices(self) -> list[Choice]:
        return projection_choices((it.projection for it in self.everything), self.projection)


def read_page(projection: str) -> SetAsidePage:
    """What is set aside now, of a projection that there is, else of all."""
    known = projection in {one.name for one in PROJECTORS}
    return SetAsidePage(projection if known else "", set_aside.of())


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
    """All that is set aside, the oldest first; of a projection that there is, else of all."""
    return [Place(it.projection, it.booking_id) for it in read_page(projection).of_projection]


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
