"""API keys: `Authorization: Bearer <key>`. The key says who asks, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from events import api_keys
from events.models import ApiKey


@dataclass(frozen=True, slots=True)
class Client:
    """The service that sent a request, as DRF's `request.user`; its key is `request.auth`."""

    source: str
    is_authenticated: bool = True
    is_active: bool = True


class BearerKey(BaseAuthentication):
    """DRF authentication: `request.auth` is the ApiKey. Whatever is not a key in force is 401."""

    def authenticate(self, request: Request) -> tuple[Client, ApiKey]:
        header: str = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            raise NotAuthenticated("Send an API key: `Authorization: Bearer <key>`.")
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationFailed("The header is not of the form `Authorization: Bearer <key>`.")
        key = api_keys.verify(text)
        if key is None:
            raise AuthenticationFailed("This API key is not known, has expired or was revoked.")
        return Client(key.source), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="fare history"'
