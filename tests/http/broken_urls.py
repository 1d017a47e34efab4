"""URLs whose views break, to see what is answered."""

from __future__ import annotations

from typing import NoReturn

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest
from django.urls import path

handler400 = "farehistory.http.handlers.answer_400"
handler403 = "farehistory.http.handlers.answer_403"
handler404 = "farehistory.http.handlers.answer_404"
handler500 = "farehistory.http.handlers.answer_500"


def broken(request: HttpRequest) -> NoReturn:
    raise ZeroDivisionError


def forbidden(request: HttpRequest) -> NoReturn:
    raise PermissionDenied


def suspicious(request: HttpRequest) -> NoReturn:
    raise SuspiciousOperation


urlpatterns = [
    path("api/broken", broken),
    path("api/forbidden", forbidden),
    path("api/suspicious", suspicious),
    path("broken", broken),
]
