"""API keys: who a calling service is, and what it may do.

A key reads `fh_<key id>_<secret>`. Of the secret only the SHA-256 is stored: it has 256 random bits, so a slow
hash would add nothing. A revoked or expired key is refused at once: every call looks the key up.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from events.models import ApiKey
from events.new_event import COMPONENT, SOURCE

SCOPES: Final = ("fares:read", "fares:append", "fares:correct", "feed:read", "ops")

logger = logging.getLogger(__name__)

_KEY = re.compile(r"fh_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_USE_NOTED_EVERY: Final = timedelta(minutes=1)


def create(
    source: str,
    scopes: Sequence[str],
    *,
    name: str = "",
    expires_at: datetime | None = None,
    components: Sequence[str] | None = None,
) -> tuple[ApiKey, str]:
    """Makes a key for a source service; answers it with its full text, which cannot be had again.

    Raises ValueError for a source, scope or component that is not one.
    """
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
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        source=source,
        name=name,
        key_id=key_id,
        secret_hash=sha256(secret.encode()).digest(),
        scopes=list(scopes),
        components=None if components is None else list(components),
        expires_at=expires_at,
    )
    return key, f"fh_{key_id}_{secret}"


def verify(text: str) -> ApiKey | None:
    """The key that this text is, if it is one in force."""
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    key_id, secret = match.groups()
    key = ApiKey.objects.filter(key_id=key_id).first()
    if key is None or not compare_digest(bytes(key.secret_hash), sha256(secret.encode()).digest()):
        return None
    now = timezone.now()
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        return None
    _note_use(key, now)
    return key


def _note_use(key: ApiKey, now: datetime) -> None:
    if key.last_used_at is None or now - key.last_used_at > _USE_NOTED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _USE_NOTED_EVERY)
        try:
            with transaction.atomic():  # a call does not wait for whoever else has the key's row
                for free in ApiKey.objects.select_for_update(skip_locked=True).filter(stale, pk=key.pk):
                    ApiKey.objects.filter(pk=free.pk).update(last_used_at=now)
        except DatabaseError as error:  # a standby that only reads, say: no reason to refuse a read
            logger.warning("the use of key %s could not be noted: %s", key.key_id, error)
