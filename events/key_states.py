"""How a key is: one of five states, told from its row and the time, and never stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db.models import Count, Q, QuerySet

from events.models import ApiKey

SOON: Final = timedelta(days=14)
"""A key that expires within this time is looked at."""


class KeyState(StrEnum):
    """A key in force is active, expiring or rotated; one that is not, expired or revoked."""

    ACTIVE = "active"
    EXPIRING = "expiring"
    """It works, and will not for long."""
    ROTATED = "rotated"
    """It works on beside its successor, until a set time."""
    EXPIRED = "expired"
    REVOKED = "revoked"


IN_FORCE: Final = (KeyState.ACTIVE, KeyState.EXPIRING, KeyState.ROTATED)


def state_of(key: ApiKey, now: datetime) -> KeyState:
    """The state of a key; read with `successor`, it asks nothing more of the database."""
    if key.revoked_at is not None:
        return KeyState.REVOKED
    if key.expires_at is not None and key.expires_at <= now:
        return KeyState.EXPIRED
    if hasattr(key, "successor"):
        return KeyState.ROTATED
    if key.expires_at is not None and key.expires_at <= now + SOON:
        return KeyState.EXPIRING
    return KeyState.ACTIVE


def in_state(state: KeyState, now: datetime) -> Q:
    """The condition that selects what `state_of` says."""
    if state == KeyState.REVOKED:
        return Q(revoked_at__isnull=False)
    if state == KeyState.EXPIRED:
        return Q(revoked_at=None, expires_at__lte=now)
    if state == KeyState.ROTATED:
        return in_force(now) & Q(successor__isnull=False)
    unreplaced = in_force(now) & Q(successor=None)
    soon = Q(expires_at__lte=now + SOON)
    return unreplaced & (soon if state == KeyState.EXPIRING else Q(expires_at=None) | ~soon)


def in_force(now: datetime) -> Q:
    """The condition that selects the keys that open something."""
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))


def counts(keys: QuerySet[ApiKey], now: datetime) -> dict[KeyState, int]:
    """How many of these keys are in each state."""
    counted = keys.aggregate(**{state: Count("pk", filter=in_state(state, now)) for state in KeyState})
    return {state: counted[state] for state in KeyState}
