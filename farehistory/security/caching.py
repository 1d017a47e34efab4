"""What staff see stays in no cache, error pages among it: none of it is there for who comes to the browser next."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from farehistory.security.places import is_admin


class KeptNowhere:
    """Says `no-store` of every answer of the back office that does not say itself how it may be kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if is_admin(request) and "Cache-Control" not in response:
            add_never_cache_headers(response)
        return response
