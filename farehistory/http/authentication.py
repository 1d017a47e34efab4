"""API keys: `Authorization: Bearer <key>`. The key says who asks, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import ceil

from django.views.decorators.debug import sensitive_variables
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, Throttled
from rest_framework.request import Request

from events import key_check
from events.addresses import client_address
from events.models import ApiKey
from farehistory.http import rate_limit_fields


@dataclass(frozen=True, slots=True)
class Client:
    """The service that sent a request, as DRF's `request.user`; its key is `request.auth`."""

    source: str
    is_authenticated: bool = True
    is_active: bool = True


class BearerKey(BaseAuthentication):
    """DRF authentication: `request.auth` is the ApiKey. Whatever is not a key in force is 401.

    Rates are limited here, and not by DRF's throttles: one round trip to Redis tells both.
    """

    @sensitive_variables("header", "text")
    def authenticate(self, request: Request) -> tuple[Client, ApiKey]:
        header: str = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            raise NotAuthenticated("Send an API key: `Authorization: Bearer <key>`.")
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationFailed("The header is not of the form `Authorization: Bearer <key>`.")
        try:
            admission = key_check.admit(text.lstrip(" "), partial(_address, request))
        except key_check.TooManyWrongKeys as error:
            raise Throttled(ceil(error.wait), "Too many wrong API keys came from this address.") from None
        if admission is None:
            raise AuthenticationFailed("This API key is not known, has expired or was revoked.")
        standing = admission.standing
        rate_limit_fields.remember(request._request, standing)
        if standing is not None and not standing.allowed:
            raise Throttled(
                ceil(standing.wait), f"This key may make {standing.quota} requests in {standing.window} s."
            )
        return Client(admission.key.source), admission.key

    def authenticate_header(self, request: Request) -> str:
        """RFC 6750, 3.1: `error` only where a key was sent."""
        challenge = 'Bearer realm="fare history"'
        scheme, _, _ = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        return f'{challenge}, error="invalid_token"' if scheme.lower() == "bearer" else challenge


def _address(request: Request) -> str:
    return client_address(request._request) or "unknown"
