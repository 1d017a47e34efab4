"""What scopes and states of keys are called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from events.key_states import KeyState


@dataclass(frozen=True, slots=True)
class ScopeWords:
    """What a key with the scope may do, in the imperative, and what that comes to."""

    act: Any
    means: Any


SCOPES: Final = {
    "fares:read": ScopeWords(
        _("Read fares"), _("Fares and their history, receipts, and how they were at any time.")
    ),
    "fares:append": ScopeWords(
        _("Append fare events"), _("Set, add to and take from fares, in the name of the service.")
    ),
    "fares:correct": ScopeWords(
        _("Propose and decide corrections"),
        _("In the name of a person and with that person’s rights, no others."),
    ),
    "feed:read": ScopeWords(
        _("Read the feed"), _("Every event of all bookings as it comes, with its metadata.")
    ),
    "ops": ScopeWords(_("Watch operations"), _("How far the projections are, their rebuilds, and drift.")),
}
"""Every scope of `api_keys.SCOPES`, in the order in which the pages name them."""


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state's name, its icon and the class of its chip."""

    one: Any
    icon: str
    chip: str


STATES: Final = {
    KeyState.ACTIVE: StateWords(_("Active"), "check_circle", "fh-chip-current"),
    KeyState.EXPIRING: StateWords(_("Expiring soon"), "schedule", "fh-chip-behind"),
    KeyState.ROTATED: StateWords(_("Rotated"), "sync", "fh-chip-past"),
    KeyState.EXPIRED: StateWords(_("Expired"), "timer_off", "fh-chip-plain"),
    KeyState.REVOKED: StateWords(_("Revoked"), "block", "fh-chip-plain"),
}


def rate_words(own: int | None) -> str:
    """How many requests a key may make that has this limit of its own; None: the default's words."""
    limit = settings.FAREHISTORY_RATE_LIMIT if own is None else own
    if not limit:
        return gettext("any number of requests")
    return gettext("%(limit)s requests in %(seconds)d seconds") % {
        "limit": f"{limit:,}",
        "seconds": settings.FAREHISTORY_RATE_WINDOW,
    }


def in_order(scopes: Iterable[str]) -> list[str]:
    """The scopes in the order of the pages; one that is no longer known comes last."""
    given = list(scopes)
    return [scope for scope in SCOPES if scope in given] + [scope for scope in given if scope not in SCOPES]
