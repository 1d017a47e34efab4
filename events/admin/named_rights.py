"""Whoever may not see one of the admin's ready pages is told the right that is missing."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse


class NamedRights(ModelAdmin):
    """Mixed into a ModelAdmin, before it: its list and the pages of its objects name what they need."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._require_view(request)
        return super().changelist_view(request, extra_context)

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self._require_view(request)
        return super().change_view(request, *args, **kwargs)

    def _require_view(self, request: HttpRequest) -> None:
        """Raises PermissionDenied, naming what is missing: `app_label.codename`."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied(f"{self.opts.app_label}.{get_permission_codename('view', self.opts)}")
