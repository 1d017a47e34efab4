"""Log-ins, failed ones and log-outs, into the audit: Django itself says who came and went."""

from __future__ import annotations

import logging
from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from events import audit
from events.errors import Unavailable

logger = logging.getLogger(__name__)


@receiver(user_logged_in)
def _logged_in(request: HttpRequest, user: AbstractBaseUser, **_: Any) -> None:
    """Where it cannot be noted, the error keeps the session from being saved: nobody comes in unseen."""
    audit.record("logged_in", user=user, request=request)


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Not while a name is locked: an attacker could fill the audit. That it was locked is noted once."""
    if not getattr(request, "axes_locked_out", False):
        audit.record("log_in_failed", user=_account(credentials), request=request)


@receiver(user_locked_out)
def _locked(request: HttpRequest, username: str, **_: Any) -> None:
    if request.axes_failures_since_start is not None:  # type: ignore[attr-defined]
        audit.record("locked_out", user=_account({"username": username}), request=request)


@receiver(user_logged_out)
def _logged_out(request: HttpRequest, user: AbstractBaseUser | None, **_: Any) -> None:
    """Nobody is kept from leaving."""
    if user is None:
        return
    try:
        audit.record("logged_out", user=user, request=request)
    except Unavailable:
        logger.exception("the log-out of %s could not be noted", user.get_username())


def _account(credentials: dict[str, Any]) -> AbstractBaseUser | None:
    """The account that was tried. What is no account's name is not kept: it is often a password."""
    users: Any = get_user_model()
    name = str(credentials.get(users.USERNAME_FIELD) or "")
    account: AbstractBaseUser | None = users.objects.filter(**{users.USERNAME_FIELD: name}).first()
    return account
