"""What pages may load and do in a browser: strict everywhere, and as little looser as the admin's shell needs.

A view that answers a policy of its own keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from farehistory.security.places import is_admin, is_api_docs

HEADER: Final = "Content-Security-Policy"


class ContentPolicies:
    """Adds the policy of the part of the site that answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if HEADER not in response:
            name = "admin" if is_admin(request) else "api-docs" if is_api_docs(request) else "strict"
            response[HEADER] = _text(name)
        return response


@cache
def _text(name: str) -> str:
    """The header's value. The same for every request: none of them has nonces."""
    return build_policy(config=settings.FAREHISTORY_CONTENT_POLICIES[name])
