"""What an answer says of its key's quota: the fields `RateLimit-Policy` and `RateLimit`.

As in draft-ietf-httpapi-ratelimit-headers-11: `"default";q=10000;w=10` is the quota and the seconds that it is for,
`"default";r=9999;t=1` what is left of it and the seconds until it is whole again.
"""

from __future__ import annotations

from math import ceil
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from events.rate_limits import Standing

_REMEMBERED: Final = "rate_limit_standing"


def remember(request: HttpRequest, standing: Standing | None) -> None:
    """Notes what the quota said to this request."""
    setattr(request, _REMEMBERED, standing)


def add(request: HttpRequest, response: HttpResponse) -> None:
    """Adds the fields, where the request's key has a quota and Redis could say how it stands."""
    standing: Any = getattr(request, _REMEMBERED, None)
    if standing is not None and standing.name:
        name = standing.name
        response["RateLimit-Policy"] = f'"{name}";q={standing.quota};w={standing.window}'
        response["RateLimit"] = f'"{name}";r={standing.left};t={ceil(standing.whole_in)}'
