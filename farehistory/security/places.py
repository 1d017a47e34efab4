"""Which part of the site a request is for."""

from __future__ import annotations

from functools import cache

from django.http import HttpRequest
from django.urls import reverse


def is_admin(request: HttpRequest) -> bool:
    """Whether it is for a page of the back office, the log-in page among them."""
    return request.path.startswith(_address("admin:index"))


def is_api_docs(request: HttpRequest) -> bool:
    """Whether it is for the page on which the API is tried out."""
    return request.path == _address("api-docs")


def is_background(request: HttpRequest) -> bool:
    """Whether a page asks by itself, to stay up to date: nobody need be sitting before it."""
    return "live" in request.GET


@cache
def _address(name: str) -> str:
    return reverse(name)
