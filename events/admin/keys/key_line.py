"""A key as its row and its page show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from events.admin.corrections.ages import ago, left
from events.admin.keys.urls import key_url
from events.admin.keys.words import SCOPES, STATES, ScopeWords, StateWords, in_order, rate_words
from events.api_keys import is_in_force
from events.key_states import IN_FORCE, KeyState, state_of
from events.models import ApiKey


@dataclass(frozen=True, slots=True)
class Holder:
    """The person whose rights a key uses for corrections."""

    name: str
    may_sign_in: bool


@dataclass(frozen=True)
class KeyLine:
    """One key at a time. It was read with `successor` and `replaces`."""

    key: ApiKey
    now: datetime
    holders: Mapping[int, Holder]

    @cached_property
    def state(self) -> KeyState:
        return state_of(self.key, self.now)

    @property
    def words(self) -> StateWords:
        return STATES[self.state]

    @property
    def is_in_force(self) -> bool:
        return self.state in IN_FORCE

    @property
    def may_be_rotated(self) -> bool:
        return self.is_in_force and self.state != KeyState.ROTATED

    @property
    def url(self) -> str:
        return key_url(self.key)

    @property
    def successor(self) -> ApiKey | None:
        return getattr(self.key, "successor", None)

    @property
    def since(self) -> str:
        """How long the state has lasted or will last, where that is what one wants to know."""
        if self.key.revoked_at is not None:
            return ago(self.key.revoked_at, self.now)
        return self.expires if self.state != KeyState.ACTIVE else ""

    @property
    def old_key_works(self) -> bool:
        """Whether the key that it was made in place of works beside it."""
        old = self.key.replaces
        return old is not None and is_in_force(old, self.now)

    @property
    def scopes(self) -> list[tuple[str, ScopeWords]]:
        """Each scope with its words."""
        return [(scope, SCOPES.get(scope) or ScopeWords(scope, "")) for scope in in_order(self.key.scopes)]

    @property
    def rate(self) -> str:
        """How many requests it may make."""
        return rate_words(self.key.rate_limit)

    @property
    def components(self) -> list[str]:
        """The only ones that it may write; none: all."""
        return self.key.components or []

    @property
    def holder(self) -> Holder | None:
        if self.key.user_id is None:
            return None
        return self.holders.get(self.key.user_id) or Holder(_("a person who no longer exists"), False)

    @property
    def created(self) -> str:
        return ago(self.key.created_at, self.now)

    @property
    def expires(self) -> str:
        at = self.key.expires_at
        if at is None:
            return _("never")
        return left(at, self.now) if at > self.now else ago(at, self.now)

    @property
    def last_used(self) -> str:
        return _("never") if self.key.last_used_at is None else ago(self.key.last_used_at, self.now)


def lines_of(keys: Iterable[ApiKey], now: datetime) -> list[KeyLine]:
    """The keys with the people that they are bound to, who are read at once."""
    found = list(keys)
    ids = {key.user_id for key in found if key.user_id is not None}
    people = get_user_model().objects.filter(pk__in=ids) if ids else ()
    holders = {
        person.pk: Holder(person.get_username(), person.is_active and person.is_staff) for person in people
    }
    return [KeyLine(key, now, holders) for key in found]
