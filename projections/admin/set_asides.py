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
from projections.admin.pages import record, short
from projections.models import ProjectionState
from projections.projectors import PROJECTORS, UnknownProjection, projector
from projections.set_aside import NotSetAside, SetAside
from projections.wording import capitalised

SHOWN = 100
"""Bookings on the page, so also the most that are retried by one request."""

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


def retry(request: HttpRequest, keys: Iterable[str]) -> None:
    """Retries each of the bookings named `projection/booking`; says by a message what came of each."""
    chosen = list(dict.fromkeys(keys))[:SHOWN]
    if not chosen:
        messages.warning(request, _("Nothing was selected."))
    for key in chosen:
        name, _slash, booking_id = key.partition(_SEPARATOR)
        _retry(request, name, booking_id)


def _retry(request: HttpRequest, name: str, booking_id: str) -> None:
    what = {"booking": booking_id, "projection": capitalised(name)}
    try:
        if not BOOKING_ID.fullmatch(booking_id):
            raise NotSetAside(f"{booking_id!a} cannot be a booking id")
        set_aside.retry(projector(name), booking_id)
    except UnknownProjection:
        messages.error(request, _("There is no projection %(projection)s.") % what)
        return
    except NotSetAside:
        messages.info(request, _("%(booking)s is no longer set aside in %(projection)s.") % what)
        return
    except set_aside.NOT_ABOUT_A_BOOKING as error:
        what["error"] = short(error)
        messages.error(request, _("%(booking)s could not be retried now: %(error)s") % what)
        return
    except Exception as error:  # the projector's own, whatever it is: recorded with the booking, and shown
        what["error"] = short(error)
        messages.error(request, _("%(booking)s failed again in %(projection)s: %(error)s") % what)
        record(request, ProjectionState, name, f"retried {booking_id}, which failed again: {short(error)}")
        return
    messages.success(request, _("%(booking)s was taken back into %(projection)s.") % what)
    record(request, ProjectionState, name, f"retried {booking_id}, which was taken back")
