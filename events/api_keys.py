"""API keys: who a calling service is, and what it may do.

A key reads `fh_<key id>_<secret>`. Of the secret only the SHA-256 is stored: it has 256 random bits, so a slow
hash would add nothing. A revoked or expired key is refused at once: `events.key_check` tells how.

What people do to keys is noted in the audit: by `events.key_acts`, which calls what stands here.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from events import rate_limits, sql
from events.models import ApiKey
from events.new_event import COMPONENT, SOURCE

SCOPES: Final = ("fares:read", "fares:append", "fares:correct", "feed:read", "ops")

OVERLAP: Final = timedelta(hours=24)
"""How long a rotated key works on beside its successor, unless somebody says otherwise."""

LONGEST_OVERLAP: Final = timedelta(days=90)
LONGEST_LIFE: Final = timedelta(days=36_500)
LONGEST_NAME: Final = 100
HIGHEST_RATE_LIMIT: Final = 1_000_000

USE_NOTED_EVERY: Final = timedelta(minutes=1)
"""At most one write in this time for a key, however often and by however many processes it is used."""

logger = logging.getLogger(__name__)

_KEY = re.compile(r"fh_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_SECRET = re.compile(r"(fh_[0-9a-f]{16}_)[A-Za-z0-9_-]{8,}")
_KEY_ID = re.compile(r"(?:fh_)?([0-9a-f]{16})_?")


class UnknownKey(LookupError):
    """There is no key with this id."""


class AlreadyMade(ValueError):
    """There is a key with the id that a new one was to have."""


class NotInForce(ValueError):
    """The key was revoked or has expired, so it cannot be rotated."""


class AlreadyRotated(ValueError):
    """The key has a successor, which is the one to rotate."""

    def __init__(self, successor: ApiKey) -> None:
        super().__init__(f"it was rotated already; {successor.key_id} takes its place")
        self.successor = successor


def new_key_id() -> str:
    """The public part of a key that does not exist yet."""
    return secrets.token_hex(8)


@sensitive_variables("secret")
def create(
    source: str,
    scopes: Sequence[str],
    *,
    name: str = "",
    expires_at: datetime | None = None,
    components: Sequence[str] | None = None,
    user_id: int | None = None,
    rate_limit: int | None = None,
    key_id: str | None = None,
    replaces: ApiKey | None = None,
) -> tuple[ApiKey, str]:
    """Makes a key for a source service; answers it with its full text, which cannot be had again.

    For corrections it uses the rights of a person, `user_id`. `rate_limit`: requests that it may make in
    FAREHISTORY_RATE_WINDOW seconds, None for what all may. `key_id`: from `new_key_id`, where the caller may come
    twice and only one key is to be made. `replaces`: the one that is rotated; `rotate` is how.

    Raises ValueError for a source, scope, component, name or rate that is not one, AlreadyMade where the id is taken.
    """
    _check(source, scopes, components, name)
    if rate_limit is not None and not 1 <= rate_limit <= HIGHEST_RATE_LIMIT:
        raise ValueError(f"the rate limit is 1 to {HIGHEST_RATE_LIMIT:,} requests")
    key_id, secret = key_id or new_key_id(), secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            key = ApiKey.objects.create(
                source=source,
                name=name,
                key_id=key_id,
                secret_hash=sha256(secret.encode()).digest(),
                scopes=list(scopes),
                components=None if components is None else list(components),
                expires_at=expires_at,
                user_id=user_id,
                rate_limit=rate_limit,
                replaces=replaces,
            )
    except IntegrityError:
        if ApiKey.objects.filter(key_id=key_id).exists():
            raise AlreadyMade(f"there is a key {key_id} already") from None
        raise
    return key, f"fh_{key_id}_{secret}"


def get(key_id: str) -> ApiKey:
    """The key with this public part: sixteen figures, with or without `fh_` before them. Raises UnknownKey."""
    match = _KEY_ID.fullmatch(key_id)
    key = match and ApiKey.objects.filter(key_id=match[1]).first()
    if not key:
        raise UnknownKey(
            "there is no key with this id"
        )  # not repeated: it may be a whole key, given by mistake
    return key


@sensitive_variables("made")
def rotate(
    key: ApiKey, *, works_until: datetime | None = None, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Makes a key with the same rights for the same service; answers it with its full text, as `create` does.

    `works_until`: when the old one is refused, in 24 hours if None; a time that has come refuses it at once, and its
    own expiry holds if that comes first. `expires_at`: of the new one, None for never.

    Raises NotInForce, AlreadyRotated (also for the later of two at once), ValueError for an overlap that is too long.
    """
    now = timezone.now()
    works_until = now + OVERLAP if works_until is None else works_until
    if works_until - now > LONGEST_OVERLAP:
        raise ValueError(f"the old key works on for at most {LONGEST_OVERLAP.days} days")
    with transaction.atomic():
        # Two rotations take turns here, and so do a rotation and a revocation. Not FOR UPDATE: the new key's row refers
        # to this one.
        old = ApiKey.objects.select_for_update(no_key=True).get(pk=key.pk)
        successor = ApiKey.objects.filter(replaces=old).first()
        if successor is not None:
            raise AlreadyRotated(successor)
        if not is_in_force(old, now):
            raise NotInForce("it was revoked or has expired: make a new one")
        made = create(
            old.source,
            old.scopes,
            name=old.name,
            expires_at=expires_at,
            components=old.components,
            user_id=old.user_id,
            rate_limit=old.rate_limit,
            replaces=old,
        )
        old.expires_at = works_until if old.expires_at is None else min(old.expires_at, works_until)
        old.save(update_fields=["expires_at"])
        transaction.on_commit(partial(rate_limits.renew_stamp, old.key_id))
    key.expires_at = old.expires_at
    return made


def revoke(key: ApiKey) -> bool:
    """Refuses the key from the next request on, for good. False if that was done before."""
    now = timezone.now()
    changed = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
    if changed:
        key.revoked_at = now
        transaction.on_commit(partial(rate_limits.renew_stamp, key.key_id))
    return bool(changed)


@sensitive_variables("text", "match")
def claimed(text: str) -> tuple[str, bytes] | None:
    """The id of the key that this text would be, and the hash of its secret; None if it is of another form."""
    match = _KEY.fullmatch(text)
    return match and (match[1], sha256(match[2].encode()).digest())


@sensitive_variables("text")
def verify(text: str) -> ApiKey | None:
    """The key that this text is, if it is one in force, as PostgreSQL says."""
    claim = claimed(text)
    if claim is None:
        return None
    key_id, secret_hash = claim
    key = ApiKey.objects.filter(key_id=key_id).first()
    if key is None or not compare_digest(bytes(key.secret_hash), secret_hash):
        return None
    now = timezone.now()
    if not is_in_force(key, now):
        return None
    if key.last_used_at is None or now - key.last_used_at > USE_NOTED_EVERY:
        touch(key, now)
    return key


def without_secrets(text: str) -> str:
    """The text without the secret of any key that stands in it: what people type is sometimes one, by mistake."""
    return _SECRET.sub(r"\1…", text)


def is_in_force(key: ApiKey, now: datetime) -> bool:
    """Whether it opens anything: it was not revoked and has not expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def touch(key: ApiKey, now: datetime) -> bool:
    """Notes that the key was used, unless somebody has within the last minute; whether it did.

    One statement, which waits for nobody: whoever else has the row notes the use, or the next call does. A database
    that cannot be written is no reason to refuse a read.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                sql.statement("touch_api_key"), {"key": key.pk, "now": now, "before": now - USE_NOTED_EVERY}
            )
            return bool(cursor.rowcount)
    except DatabaseError as error:  # a standby that only reads, say
        logger.warning("the use of key %s could not be noted: %s", key.key_id, error)
        return False


def _check(source: str, scopes: Sequence[str], components: Sequence[str] | None, name: str) -> None:
    if not SOURCE.fullmatch(source):
        raise ValueError(f"{source!a} is not a source: a-z 0-9 -, beginning with a letter, at most 48")
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise ValueError(f"unknown scopes {unknown}; choose from {', '.join(SCOPES)}")
    for component in components or ():
        if not COMPONENT.fullmatch(component):
            raise ValueError(
                f"{component!a} is not a component: a-z 0-9 _, beginning with a letter, at most 48"
            )
    if len(name) > LONGEST_NAME:
        raise ValueError(f"the name has {len(name)} characters; at most {LONGEST_NAME} are kept")
    if not name.isprintable():
        raise ValueError("the name has characters that cannot be shown, such as a line's end")
