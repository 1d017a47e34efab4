"""The audit of staff in the admin: a list to look through. Nothing there can be changed, by anybody."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from events import audit
from events.admin.audit_page import AuditPage
from events.admin.pages import OwnPages
from events.models import AuditEntry

CHANGELIST = "events_auditentry_changelist"
VIEW = "events.view_auditentry"


@admin.register(AuditEntry)
class AuditAdmin(OwnPages):
    """One page. To look there is itself noted."""

    def get_urls(self) -> list[URLPattern]:
        """Only the page that exists."""
        return [path("", self.admin_site.admin_view(self.changelist_view), name=CHANGELIST)]

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """`person`, `action`, `booking`, `day`: of which; `before`: the key of the last entry of the page before."""
        self.require(request, VIEW)
        page = AuditPage.of(request.GET)
        if not page.errors:
            asked = {name: text for name, text in page.typed.items() if text}
            audit.record("audit_read", user=request.user, request=request, **asked)
        return self.page(request, "audit/list.html", _("Audit"), page=page)
