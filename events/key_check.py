"""Whether a request's key is in force, without asking PostgreSQL each time; and what its quota says.

A process holds the keys that it has verified, each under the stamp that Redis had for it *before* it was looked up.
Whoever changes a key has the stamp renewed once that is committed. So a key that is held under the stamp that Redis
has now has not been changed since: revocation takes effect on the next request, everywhere. docs/adr/0017 tells what
bounds the rest. Held is what the table has, with the hash of the secret; the secret itself is nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from time import monotonic
from typing import Final

from django.db import DatabaseError, InterfaceError
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from events import api_keys, rate_limits
from events.models import ApiKey
from events.rate_limits import Standing

HELD_SECONDS: Final = 10.0
"""How long a key is held whatever its stamp says: what was changed past us (by SQL, or while Redis could not be told)
takes effect within that."""

BRIDGED_SECONDS: Final = 300.0
"""How much longer a key is held while PostgreSQL does not answer: its stamp tells what is changed meanwhile."""

REST_SECONDS: Final = 1.0
"""How long PostgreSQL is not asked for such a key after it did not answer: each try may take two seconds."""

MOST_HELD: Final = 10_000


class TooManyWrongKeys(Exception):
    """The address has sent so many that no further one is looked up for now."""

    def __init__(self, wait: float) -> None:
        super().__init__("too many wrong keys")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Admission:
    """A key in force, and its quota's word on this request; None where nothing is limited."""

    key: ApiKey
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class _Held:
    key: ApiKey
    secret_hash: bytes
    stamp: bytes
    until: float


_left_alone_until = 0.0

_held: dict[str, _Held] = {}
"""By key id. What is in it is never changed, only replaced, so that threads need no lock."""


@sensitive_variables("text")
def admit(text: str, address: Callable[[], str]) -> Admission | None:
    """The key that this text is, if it is one in force; one request is taken from its quota.

    `address` tells where the text comes from; it is asked where that matters. Raises TooManyWrongKeys, where the key
    would have to be looked up. The quota comes after the secret: who only knows a key's id, which is no secret,
    takes nothing from it.
    """
    claim = api_keys.claimed(text)
    if claim is None:
        return None
    key_id, secret_hash = claim
    held = _held.get(key_id)
    if held is None:
        return _looked_up(text, key_id, address)
    if held.until <= monotonic() and not _is_bridged(held):
        try:
            return _looked_up(text, key_id, None)
        except (DatabaseError, InterfaceError):
            _leave_postgresql_alone()
            if not _is_bridged(held):
                raise
    if not compare_digest(held.secret_hash, secret_hash):
        return None  # a key's secret never changes
    standing = rate_limits.take(held.key)
    if standing is not None and standing.stamp == held.stamp:
        return Admission(held.key, standing) if api_keys.is_in_force(held.key, timezone.now()) else None
    key = _verified(text, key_id, None if standing is None else standing.stamp)
    return None if key is None else Admission(key, standing)


def _is_bridged(held: _Held) -> bool:
    """Whether a key goes on that should be looked up again, since PostgreSQL did not answer just now."""
    now = monotonic()
    return now < _left_alone_until and now < held.until + BRIDGED_SECONDS


def _leave_postgresql_alone() -> None:
    global _left_alone_until
    _left_alone_until = monotonic() + REST_SECONDS


@sensitive_variables("text")
def _looked_up(text: str, key_id: str, address: Callable[[], str] | None) -> Admission | None:
    """`address`: of a key that this process has not seen before; None for others."""
    stranger = None if address is None else address()
    if stranger is not None:
        wrong = rate_limits.wrong_keys_of(stranger)
        if wrong is not None and not wrong.allowed:
            raise TooManyWrongKeys(wrong.wait)
    # The stamp first: a change that is committed after the look-up renews it after this.
    key = _verified(text, key_id, rate_limits.stamp_of(key_id))
    if key is not None:
        return Admission(key, rate_limits.take(key))
    if stranger is not None:
        rate_limits.wrong_keys_of(stranger, one_more=True)
    return None


@sensitive_variables("text")
def _verified(text: str, key_id: str, stamp: bytes | None) -> ApiKey | None:
    """As PostgreSQL says. Held from now on, if there is a stamp to hold it under."""
    key = api_keys.verify(text)
    if key is None or stamp is None:
        _held.pop(key_id, None)
        return key
    if len(_held) >= MOST_HELD:
        _held.clear()
    _held[key_id] = _Held(key, bytes(key.secret_hash), stamp, monotonic() + HELD_SECONDS)
    return key
