"""Asks for the second factor before any page of the back office."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from farehistory.security.places import is_admin
from farehistory.security.second_factor import devices

_ALWAYS_OPEN = ("second_factor_check", "admin:login", "admin:logout")


class SecondFactorMiddleware:
    """Sends staff to give their code, or to set a factor up where one is required. After OTPMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user  # `is_verified` is django-otp's
        if not is_admin(request) or not user.is_authenticated or user.is_verified():
            return self.get_response(request)
        page = _where_to(request, user)
        if page is None:
            return self.get_response(request)
        after = request.get_full_path() if request.method == "GET" else reverse("admin:index")
        return HttpResponseRedirect(f"{page}?{urlencode({'next': after})}")


def _where_to(request: HttpRequest, user: Any) -> str | None:
    """The page that comes first; None where the one that was asked for may be shown."""
    if request.path in map(reverse, _ALWAYS_OPEN):
        return None
    if devices.is_set_up(user):
        return reverse("second_factor_check")
    set_up = reverse("second_factor_set_up")
    return set_up if settings.FAREHISTORY_REQUIRE_SECOND_FACTOR and request.path != set_up else None
