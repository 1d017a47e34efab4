"""What people do to API keys, in the admin and by commands: done and noted in the audit, or neither.

The audit gets a key's public part, never its text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from events import api_keys, audit
from events.models import ApiKey


@dataclass(frozen=True, slots=True)
class By:
    """Who does it: a person by a request, or an account of the machine (`account`) by a command."""

    user: Any = None
    request: HttpRequest | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key, and its text, which is to be shown once and kept nowhere."""

    key: ApiKey
    text: str = field(repr=False)


@sensitive_variables("text")
def create(
    by: By,
    source: str,
    scopes: Sequence[str],
    *,
    name: str = "",
    expires_at: datetime | None = None,
    components: Sequence[str] | None = None,
    user_id: int | None = None,
    rate_limit: int | None = None,
    key_id: str | None = None,
) -> NewKey:
    """As `api_keys.create`, and raises what that does. Unavailable: it could not be noted, so it was not done."""
    with transaction.atomic():
        key, text = api_keys.create(
            source,
            scopes,
            name=name,
            expires_at=expires_at,
            components=components,
            user_id=user_id,
            rate_limit=rate_limit,
            key_id=key_id,
        )
        _note("key_created", by, key, **_rights(key))
    return NewKey(key, text)


@sensitive_variables("text")
def rotate(
    by: By, key: ApiKey, *, works_until: datetime | None = None, expires_at: datetime | None = None
) -> NewKey:
    """As `api_keys.rotate`, and raises what that does. Unavailable: it could not be noted, so it was not done."""
    with transaction.atomic():
        successor, text = api_keys.rotate(key, works_until=works_until, expires_at=expires_at)
        _note(
            "key_rotated",
            by,
            key,
            new_key=successor.key_id,
            old_key_works_until=_time(key.expires_at),
            **_rights(successor),
        )
    return NewKey(successor, text)


def revoke(by: By, key: ApiKey, *, reason: str = "") -> bool:
    """As `api_keys.revoke`; nothing is noted where it was done before. Unavailable: not noted, so not done."""
    with transaction.atomic():
        changed = api_keys.revoke(key)
        if changed:
            _note("key_revoked", by, key, reason=reason)
    return changed


def holder_name(key: ApiKey) -> str | None:
    """The name of the person whose rights it uses for corrections; None: nobody's."""
    if key.user_id is None:
        return None
    person = get_user_model().objects.filter(pk=key.user_id).first()
    return f"person {key.user_id}, who no longer exists" if person is None else person.get_username()


def _rights(key: ApiKey) -> dict[str, Any]:
    return {
        "scopes": key.scopes,
        "components": "all" if key.components is None else key.components,
        "corrects_as": holder_name(key),
        "rate_limit": "default" if key.rate_limit is None else key.rate_limit,
        "expires": _time(key.expires_at),
    }


def _time(at: datetime | None) -> str:
    return "never" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def _note(what: str, by: By, key: ApiKey, **details: Any) -> None:
    if by.account:
        details["by_command_of"] = by.account
    audit.record(
        what, user=by.user, request=by.request, key=key.key_id, service=key.source, name=key.name, **details
    )
