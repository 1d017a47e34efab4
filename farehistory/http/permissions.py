"""What an API key may do: a view declares the scope that each of its methods needs."""

from __future__ import annotations

from typing import Any, cast

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from events.models import ApiKey


class HasRequiredScope(BasePermission):
    """Asks for the scope that `view.required_scopes` names for the method; HEAD is a GET.

    A method without a scope passes (OPTIONS, and those that will be answered 405). A view that declares none
    at all is a mistake that its first request shows.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        method = "GET" if request.method == "HEAD" else request.method
        scope = view.required_scopes.get(method)
        if scope is None or scope in cast(ApiKey, request.auth).scopes:
            return True
        raise PermissionDenied(f"This needs an API key with the scope {scope}.")
