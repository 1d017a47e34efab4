"""A card of the dashboard: what computes it, who may see it, and how it stands when it was computed or could not be."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connection, transaction
from django.utils import timezone

from events.admin.pages import short
from projections.admin import spans
from projections.admin.dashboard.last_known import Known, LastKnown
from projections.standing_faults import StandingFaults

LONGEST_MS: Final = 1000
"""How long a statement of a card may take: one that is slow does not hold up the page for long, and ends before we
give the connection up."""

TRIED_AGAIN_SECONDS: Final = 5.0
"""A card that could not be computed is not tried again for so long: where the database hangs, many who look would each
hold a thread of the server until the statement is given up."""

_last_known = LastKnown()
_errors = LastKnown()
_faults = StandingFaults(logging.getLogger(__name__))


@dataclass(frozen=True, slots=True)
class Asked:
    """Who looks at the page, and what they chose on it."""

    user: AbstractBaseUser | AnonymousUser
    currency: str = ""
    """Empty: the most usual one."""
    now: datetime = field(default_factory=lambda: timezone.now())


@dataclass(frozen=True, slots=True)
class Card:
    """One card; its body is drawn by `templates/dashboard/<name>.html`."""

    name: str
    title: Any
    permission: str
    compute: Callable[[Asked], Any]
    """May raise whatever it likes."""
    is_personal: bool = False
    """Whether it depends on who looks."""
    seconds: float = 0.0
    """For so long what was computed is shown to others too, so that many who look cost as much as one."""

    def may_be_seen_by(self, user: Any) -> bool:
        return bool(user.has_perm(self.permission))

    def key(self, asked: Asked) -> tuple[Any, ...]:
        return self.name, asked.currency, asked.user.pk if self.is_personal else None


@dataclass(frozen=True, slots=True)
class Shown:
    """A card as it stands: computed, or with the error that it could not be and what was last known."""

    card: Card
    value: Any
    at: datetime
    now: datetime
    error: str = ""

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def title(self) -> Any:
        return self.card.title

    @property
    def template(self) -> str:
        return f"dashboard/{self.card.name}.html"

    @property
    def age(self) -> str:
        """How old what is shown is, where it could not be computed anew; else nothing."""
        return spans.ago(self.at, self.now) if self.error and self.value is not None else ""


def shown(card: Card, asked: Asked) -> Shown:
    """The card for whoever asked; never raises."""
    key = card.key(asked)
    known = _last_known.get(key)
    if known is not None and (asked.now - known.at).total_seconds() < card.seconds:
        return Shown(card, known.value, known.at, asked.now)
    failed = _errors.get(card.name)
    if failed is not None and 0 <= (asked.now - failed.at).total_seconds() < TRIED_AGAIN_SECONDS:
        return _as_last_known(card, asked, known, failed.value)
    about = f"the dashboard's card {card.name}"
    try:
        value = _computed(card, asked)
    except Exception as error:  # whatever it is: the other cards are wanted all the same
        connection.close_if_unusable_or_obsolete()
        _faults.note(about, error)
        _errors.keep(card.name, short(error), asked.now)
        return _as_last_known(card, asked, known, short(error))
    _faults.over(about)
    _last_known.keep(key, value, asked.now)
    return Shown(card, value, asked.now, asked.now)


def forget() -> None:
    """Forgets what was last known of every card, and which could not be computed."""
    _last_known.clear()
    _errors.clear()


def _as_last_known(card: Card, asked: Asked, known: Known | None, error: str) -> Shown:
    if known is None:
        return Shown(card, None, asked.now, asked.now, error)
    return Shown(card, known.value, known.at, asked.now, error)


def _computed(card: Card, asked: Asked) -> Any:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(LONGEST_MS)])
        return card.compute(asked)
