"""The pages of one's own second factor: set it up, give the code, new recovery codes, remove it."""

from __future__ import annotations

from typing import Any

import django_otp
from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events import audit
from farehistory.security.second_factor import devices, qr
from farehistory.security.second_factor.devices import TooManyTries

STATUS = "second_factor"
SET_UP = "second_factor_set_up"
CHECK = "second_factor_check"

_KEY = "fh_factor_key"
"""In the session: the secret that waits to be confirmed, so that the page can be reloaded."""


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Whether it is on, and what can be done about it."""
    user = _person(request)
    return _page(
        request,
        "status",
        is_set_up=devices.is_set_up(user),
        codes_left=devices.recovery_codes_left(user),
        is_required=settings.FAREHISTORY_REQUIRE_SECOND_FACTOR,
    )


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Shows what an app needs, and asks for its code; then the recovery codes, once."""
    if devices.is_set_up(_person(request)):
        return redirect(STATUS)
    error = ""
    if request.method == "POST":
        codes = _confirmed(request)
        if codes:
            return _page(request, "codes", codes=codes, after=_next(request))
        error = _wrong()
    device = devices.offered(_person(request), request.session.setdefault(_KEY, devices.new_key()))
    return _page(
        request,
        "set_up",
        qr=qr.svg(device.config_url),
        secret=_in_fours(device),
        error=error,
        is_required=settings.FAREHISTORY_REQUIRE_SECOND_FACTOR,
        after=_next(request),
    )


@transaction.atomic
def _confirmed(request: HttpRequest) -> list[str]:
    """The recovery codes, if the code was right: the factor is set up then, and noted."""
    key = request.session.get(_KEY)
    made = devices.confirm(_person(request), key, request.POST.get("code", "")) if key else None
    if made is None:
        return []
    device, codes = made
    del request.session[_KEY]
    django_otp.login(request, device)
    audit.record("second_factor_added", user=request.user, request=request)
    return codes


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Asks for the code after the password; a recovery code does too."""
    if _person(request).is_verified() or not devices.is_set_up(_person(request)):
        return redirect(_next(request))
    error = ""
    if request.method == "POST":
        try:
            device = devices.check(_person(request), request.POST.get("code", ""))
        except TooManyTries as refusal:
            error = _wait(refusal)
        else:
            if device is not None:
                audit.record("second_factor_passed", user=request.user, request=request, by=_kind(device))
                # A new key, as after the password: who planted or knows the old one does not get in with it.
                request.session.cycle_key()
                django_otp.login(request, device)
                return redirect(_next(request))
            audit.record("second_factor_failed", user=request.user, request=request)
            error = _wrong()
    return _page(request, "check", error=error, after=_next(request))


@sensitive_post_parameters("code")
@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes in place of those left, shown once. Only with a code: they would open what one opens."""
    if not _gave_a_code(request):
        return redirect(STATUS)
    with transaction.atomic():
        codes = devices.make_recovery_codes(_person(request))
        audit.record("recovery_codes_made", user=request.user, request=request)
    return _page(request, "codes", codes=codes, after=resolve_url(STATUS))


@sensitive_post_parameters("code")
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Only with a code: a browser that was left open is not enough."""
    if settings.FAREHISTORY_REQUIRE_SECOND_FACTOR:
        messages.error(
            request, _("A second factor is required here: yours can be replaced by an administrator.")
        )
    elif _gave_a_code(request):
        with transaction.atomic():
            devices.remove(_person(request))
            audit.record("second_factor_removed", user=request.user, request=request)
        messages.success(request, _("You have no second factor any more: your password alone lets you in."))
    return redirect(STATUS)


def _gave_a_code(request: HttpRequest) -> bool:
    """Whether the form has a code that is accepted, which is used up then; if not, a message says why."""
    if not devices.is_set_up(_person(request)):
        return False
    try:
        accepted = devices.check(_person(request), request.POST.get("code", ""))
    except TooManyTries as refusal:
        messages.error(request, _wait(refusal))
        return False
    if accepted is None:
        audit.record("second_factor_failed", user=request.user, request=request)
        messages.error(request, _wrong())
    return accepted is not None


def _person(request: HttpRequest) -> Any:
    """Whoever is signed in, with `is_verified` of django-otp. The admin lets nobody else get here."""
    return request.user


def _page(request: HttpRequest, name: str, **context: Any) -> TemplateResponse:
    request.current_app = admin.site.name
    shell = admin.site.each_context(request)
    context = {**shell, "title": _("Second factor"), **context}
    return TemplateResponse(request, f"second_factor/{name}.html", context)


def _next(request: HttpRequest) -> str:
    """Where the person was going: a page of this site, or the start."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL)


def _kind(device: Any) -> str:
    return "app" if isinstance(device, devices.TOTPDevice) else "recovery code"


def _in_fours(device: Any) -> str:
    """The secret as a person types it into an app that has no camera."""
    text = devices.secret(device)
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _wrong() -> str:
    return _("This code is not right, or was used already. Codes of the app change every 30 seconds.")


def _wait(refusal: TooManyTries) -> str:
    said = ngettext(
        "Too many wrong codes. Try again in %(seconds)d second.",
        "Too many wrong codes. Try again in %(seconds)d seconds.",
        refusal.seconds,
    )
    return said % {"seconds": refusal.seconds}
