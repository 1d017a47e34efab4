"""The list of clients and keys: those that an address asks for, in groups by service."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final
from urllib.parse import urlencode

from django.db.models import Count, Max, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from events import key_states
from events.admin.corrections.ages import ago
from events.admin.keys.key_line import KeyLine, lines_of
from events.admin.keys.words import STATES
from events.admin.pages import typed
from events.key_states import IN_FORCE, KeyState
from events.models import ApiKey

PAGE: Final = 100
"""Keys on a page."""

ALL: Final = "all"

_MAX_KEY_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Choice:
    """One link of the filter by state."""

    words: str
    href: str
    is_chosen: bool
    begins_group: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """A client service with its keys on this page; what is said of all its keys counts the others, too."""

    source: str
    lines: list[KeyLine]
    in_force: int
    last_used_at: datetime | None
    now: datetime

    @property
    def last_used(self) -> str:
        """How long ago any of its keys was used; nothing if none ever was."""
        return "" if self.last_used_at is None else ago(self.last_used_at, self.now)


@dataclass(frozen=True)
class ListPage:
    """A page of the list. `service`: of which, "" for all. `state`: a KeyState, "all", or "" for those in force."""

    service: str
    state: str
    after: int | None = None
    now: datetime = field(default_factory=timezone.now)

    @classmethod
    def of(cls, given: QueryDict) -> ListPage:
        """The page that an address names; a state that there is not chooses nothing."""
        state, after = given.get("state", ""), given.get("after", "")
        is_key = after.isascii() and after.isdigit() and len(after) <= _MAX_KEY_DIGITS
        return cls(
            service=typed(given, "service")[:100],
            state=state if state in (*KeyState, ALL) else "",
            after=int(after) if is_key else None,
        )

    @cached_property
    def services(self) -> list[Service]:
        """By name, the newest key of each first."""
        lines = lines_of(self._found[:PAGE], self.now)
        groups = [(source, list(of_it)) for source, of_it in groupby(lines, lambda line: line.key.source)]
        totals = self._totals([source for source, _lines in groups])
        return [Service(source, of_it, *totals[source], self.now) for source, of_it in groups]

    @property
    def names(self) -> list[str]:
        """Every service that ever had a key."""
        return list(ApiKey.objects.order_by("source").values_list("source", flat=True).distinct())

    @property
    def choices(self) -> list[Choice]:
        """The states, each with how many keys of the chosen service are in it."""
        counts = self._counts
        in_force = sum(counts[state] for state in IN_FORCE)
        return [
            self._choice(_("In force"), "", in_force),
            *(self._choice(str(STATES[state].one), state, counts[state]) for state in KeyState),
            self._choice(_("All"), ALL, sum(counts.values())),
        ]

    @property
    def has_any(self) -> bool:
        """Whether there is any key of the chosen service, or at all."""
        return any(self._counts.values())

    @property
    def next_query(self) -> str:
        """Where the further keys are; nothing if these are the last."""
        return self._query(after=str(self._found[PAGE - 1].pk)) if len(self._found) > PAGE else ""

    @property
    def first_query(self) -> str:
        """Where the list begins; nothing if this is there."""
        return "" if self.after is None else self._query()

    @property
    def all_query(self) -> str:
        """Every key of the chosen service, in any state."""
        return self._query(state=ALL)

    @property
    def _asked(self) -> QuerySet[ApiKey]:
        return ApiKey.objects.filter(source=self.service) if self.service else ApiKey.objects.all()

    @cached_property
    def _counts(self) -> dict[KeyState, int]:
        return key_states.counts(self._asked, self.now)

    @cached_property
    def _found(self) -> list[ApiKey]:
        keys = self._asked
        if self.state != ALL:
            is_asked = key_states.in_state(KeyState(self.state), self.now) if self.state else None
            keys = keys.filter(is_asked or key_states.in_force(self.now))
        last = None if self.after is None else ApiKey.objects.filter(pk=self.after).first()
        if last is not None:
            keys = keys.filter(Q(source__gt=last.source) | Q(source=last.source, pk__lt=last.pk))
        return list(keys.select_related("successor", "replaces").order_by("source", "-pk")[: PAGE + 1])

    def _totals(self, sources: list[str]) -> dict[str, tuple[int, datetime | None]]:
        keys = ApiKey.objects.filter(source__in=sources).values("source").order_by("source")
        found = keys.annotate(
            in_force=Count("pk", filter=key_states.in_force(self.now)), used=Max("last_used_at")
        )
        return {row["source"]: (row["in_force"], row["used"]) for row in found}

    def _choice(self, words: str, state: str, count: int) -> Choice:
        return Choice(f"{words} {count:,}", self._query(state=state), self.state == state)

    def _query(self, **changed: str) -> str:
        asked = {"service": self.service, "state": self.state, **changed}
        return "?" + urlencode({name: text for name, text in asked.items() if text})
