"""What is on the page of the queue: the corrections that its address asks for, and the ways to ask for others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin.corrections.lines import CorrectionLine, lines_of
from events.corrections import people, queue
from events.corrections.queue import Standing
from events.field_checks import BOOKING_ID

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PAGE: Final = 50

WAITING, MINE, DECIDED, ALL = "waiting", "mine", "decided", "all"

STANDINGS: Final = {
    Standing.WAITING: gettext_lazy("waiting"),
    Standing.EXPIRED: gettext_lazy("expired"),
    Standing.APPROVED: gettext_lazy("approved"),
    Standing.REJECTED: gettext_lazy("rejected"),
    Standing.WITHDRAWN: gettext_lazy("withdrawn"),
}
_OF_DECIDED: Final = (Standing.APPROVED, Standing.REJECTED, Standing.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the lists."""

    words: str
    query: str
    is_chosen: bool


@dataclass(frozen=True)
class QueuePage:
    """A page of one of the lists. What was typed stays in the form, also where it is wrong."""

    user: User
    chosen: str
    """Which list."""
    typed: dict[str, str]
    after: str | None
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, given: QueryDict, user: User) -> QueuePage:
        """The page that an address names, for this person."""
        typed = {name: given.get(name, "").strip() for name in ("booking", "maker", "state")}
        errors = {}
        if typed["booking"] and not BOOKING_ID.fullmatch(typed["booking"]):
            errors["booking"] = _("This cannot be a booking id.")
        if typed["maker"] and _person(typed["maker"]) is None:
            errors["maker"] = _("Nobody has an account of this name.")
        chosen = given.get("list", "")
        if chosen not in _lists(user):
            chosen = ALL if typed["booking"] else _lists(user)[0]
        if typed["state"] not in _standings(chosen):
            typed["state"] = ""
        return cls(user, chosen, typed, _cursor(given.get("after", "")), errors)

    @property
    def tabs(self) -> list[Tab]:
        """All lists; what is filtered stays filtered."""
        return [
            Tab(_tab_words(name, self.user), self._query(list=name, state=""), name == self.chosen)
            for name in _lists(self.user)
        ]

    @property
    def states(self) -> list[tuple[str, str, bool]]:
        """Name, words and whether it is chosen, of the states that this list has."""
        return [
            (standing.value, str(STANDINGS[standing]), standing == self.typed["state"])
            for standing in _standings(self.chosen)
        ]

    @property
    def asks_for_maker(self) -> bool:
        return self.chosen != MINE

    @property
    def is_filtered(self) -> bool:
        return any(self.typed.values())

    @property
    def is_waiting(self) -> bool:
        return self.chosen == WAITING

    @property
    def is_mine(self) -> bool:
        return self.chosen == MINE

    @property
    def is_decided(self) -> bool:
        return self.chosen == DECIDED

    @property
    def title(self) -> str:
        """What the list is, above it."""
        return {
            WAITING: _("The longest waiting first"),
            MINE: _("What you proposed, the newest first"),
            DECIDED: _("What was decided, the newest first"),
            ALL: _("All corrections, the newest first"),
        }[self.chosen]

    @cached_property
    def lines(self) -> list[CorrectionLine]:
        return lines_of(self._page.results, self.user)

    @property
    def next_query(self) -> str:
        """Where the rest is; nothing on the last page."""
        return self._query(after=self._page.next) if self._page.next else ""

    @property
    def first_query(self) -> str:
        """Where the list begins; nothing if this is there."""
        return self._query() if self.after else ""

    @property
    def all_query(self) -> str:
        """This list without filters."""
        return f"?{urlencode({'list': self.chosen})}"

    @cached_property
    def expired_query(self) -> str:
        """Where those are that waited too long, if there are any."""
        if not self.is_waiting or self.is_filtered:
            return ""
        if not queue.page(standing=Standing.EXPIRED, limit=1).results:
            return ""
        return f"?{urlencode({'list': ALL, 'state': Standing.EXPIRED.value})}"

    @cached_property
    def _page(self) -> queue.Page:
        if self.errors:
            return queue.Page([], None)
        return queue.page(
            standing=self._standing,
            booking_id=self.typed["booking"] or None,
            proposed_by=self._maker,
            not_by=self.user.pk if self.is_waiting and self.user.has_perm(people.DECIDE) else None,
            oldest_first=self.is_waiting,
            after=self.after,
            limit=PAGE,
        )

    @property
    def _standing(self) -> Standing | None:
        if self.typed["state"]:
            return Standing(self.typed["state"])
        return {WAITING: Standing.WAITING, DECIDED: Standing.DECIDED}.get(self.chosen)

    @property
    def _maker(self) -> int | None:
        if self.is_mine:
            return int(self.user.pk)
        return _person(self.typed["maker"]) if self.typed["maker"] else None

    def _query(self, **more: str) -> str:
        asked = {"list": self.chosen, **self.typed, **more}
        return f"?{urlencode({name: value for name, value in asked.items() if value})}"


def _lists(user: User) -> tuple[str, ...]:
    """Those that this person has; what they are most likely to look for comes first."""
    if user.has_perm(people.PROPOSE):
        return (WAITING, MINE, DECIDED, ALL)
    return (WAITING, DECIDED, ALL)


def _tab_words(name: str, user: User) -> str:
    waiting = _("To approve") if user.has_perm(people.DECIDE) else _("Waiting")
    return {WAITING: waiting, MINE: _("Mine"), DECIDED: _("Decided"), ALL: _("All")}[name]


def _standings(name: str) -> tuple[Standing, ...]:
    """The states that a list can be narrowed to."""
    return {WAITING: (), DECIDED: _OF_DECIDED}.get(name, tuple(STANDINGS))


def _person(name: str) -> int | None:
    if not name.isprintable():
        return None
    return get_user_model().objects.filter(username=name).values_list("pk", flat=True).first()


def _cursor(text: str) -> str | None:
    """Where a page begins; one that is none is as if it were not there."""
    try:
        queue.place(text)
    except ValueError:
        return None
    return text
