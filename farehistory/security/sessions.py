"""How long somebody stays signed in: so long without doing anything, and so long in all."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from events import audit
from events.errors import Unavailable
from farehistory.security.places import is_admin, is_background

BEGAN: Final = "fh_began"
SEEN: Final = "fh_seen"

SEEN_NOTED_EVERY: Final = 60
"""Seconds: a session is not written for every page."""


logger = logging.getLogger(__name__)


@receiver(user_logged_in)
def _began(request: HttpRequest, **_: Any) -> None:
    request.session[BEGAN] = request.session[SEEN] = time.time()


class SessionLimits:
    """Ends a session of the back office that is over. Comes after AuthenticationMiddleware and MessageMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_admin(request) and SESSION_KEY in request.session:
            now = time.time()
            reason = _over(request, now)
            if reason:
                _end(request, reason)
            else:
                _note(request, now)
        return self.get_response(request)


def _over(request: HttpRequest, now: float) -> str | None:
    """Why the session is over: "idle" or "long"; None while it is not."""
    if now - request.session.get(SEEN, now) > settings.FAREHISTORY_IDLE_SECONDS:
        return "idle"
    return "long" if now - request.session.get(BEGAN, now) > settings.SESSION_COOKIE_AGE else None


def _note(request: HttpRequest, now: float) -> None:
    if BEGAN not in request.session:  # it is older than these limits
        request.session[BEGAN] = request.session[SEEN] = now
    elif not is_background(request) and now - request.session[SEEN] > SEEN_NOTED_EVERY:
        request.session[SEEN] = now


def _end(request: HttpRequest, reason: str) -> None:
    """Also where that cannot be noted: a session that is over gives nothing more away."""
    try:
        audit.record("logged_out", user=request.user, request=request, reason=reason)
    except Unavailable:
        logger.exception("the end of the session of %s could not be noted", request.user.get_username())
    request.session.flush()
    request.user = AnonymousUser()
    if not is_background(request):  # that page says so itself
        messages.info(request, _said(reason))


def _said(reason: str) -> str:
    if reason == "idle":
        minutes = settings.FAREHISTORY_IDLE_SECONDS // 60
        return _("You were signed out, since nothing was done for %(minutes)d minutes.") % {
            "minutes": minutes
        }
    return _("You were signed out, since you had been signed in for long. Please sign in again.")
