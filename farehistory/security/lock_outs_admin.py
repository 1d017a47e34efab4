"""Lock-outs in the admin: a list, and one act."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from events import audit
from events.admin.pages import OwnPages
from farehistory.security import lock_outs

CHANGELIST = "axes_accessattempt_changelist"
UNLOCK = "axes_accessattempt_unlock"
VIEW = "axes.view_accessattempt"
MAY_UNLOCK = "axes.delete_accessattempt"


@admin.register(AccessAttempt)
class LockOutAdmin(OwnPages):
    """Who is locked out, and letting them try again."""

    def get_urls(self) -> list[URLPattern]:
        """Only the pages that exist."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=CHANGELIST),
            path("unlock/", view(self.unlock_view), name=UNLOCK),
        ]

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All that are locked out now."""
        self.require(request, VIEW)
        return self.page(
            request, "audit/lock_outs.html", _("Lock-outs"), lock_outs=lock_outs.now_locked_out()
        )

    @method_decorator(require_POST)
    def unlock_view(self, request: HttpRequest) -> HttpResponse:
        """`name` and `address`: which."""
        self.require(request, MAY_UNLOCK)
        name, address = request.POST.get("name", ""), request.POST.get("address") or None
        with transaction.atomic():
            unlocked = lock_outs.unlock(name, address)
            if unlocked:
                audit.record("unlocked", user=request.user, request=request, name=name, address=address)
        if unlocked:
            messages.success(request, _("%(name)s may try again.") % {"name": name})
        else:
            messages.info(request, _("%(name)s is not locked out any more.") % {"name": name})
        return redirect(f"admin:{CHANGELIST}")
