"""Names that are locked for an address after too many failed log-ins: what is said, which they are, and unlocking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import get_user_model
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.addresses import client_address

SHOWN: Final = 200
"""Lock-outs on the page; nobody needs to read more."""

ONE_CALLERS_IPV6: Final = 64
"""Bits of an IPv6 address that tell callers apart: whoever has one address has all those that begin like it."""


@dataclass(frozen=True, slots=True)
class LockOut:
    """A name that may not try to log in from an address for now."""

    name: str
    address: str | None
    failures: int
    until: datetime

    @property
    def where(self) -> str:
        """The address, or the IPv6 network that stands for one caller; nothing where it could not be told."""
        if self.address is None:
            return ""
        is_network = isinstance(ip_address(self.address), IPv6Address)
        return f"{self.address}/{ONE_CALLERS_IPV6}" if is_network else self.address


def address_to_lock(request: HttpRequest) -> str | None:
    """What a name is locked for: the caller's address, of IPv6 the network whose addresses one caller has at will."""
    address = client_address(request)
    if address is None or not isinstance(ip_address(address), IPv6Address):
        return address
    return str(ip_network((address, ONE_CALLERS_IPV6), strict=False).network_address)


def locked_out(now: datetime) -> Sequence[LockOut]:
    """Those in force of names that an account has, the latest first; what else was typed is often a password."""
    since = now - settings.AXES_COOLOFF_TIME
    rows = (
        AccessAttempt.objects.filter(
            attempt_time__gte=since, username__in=get_user_model().objects.values("username")
        )
        .order_by()  # the model's own order would group by it
        .values("username", "ip_address")
        .annotate(failures=Sum("failures_since_start"), last=Max("attempt_time"))
        .filter(failures__gte=settings.AXES_FAILURE_LIMIT)
        .order_by("-last")[:SHOWN]
    )
    return [
        LockOut(
            row["username"] or "",
            row["ip_address"],
            row["failures"],
            row["last"] + settings.AXES_COOLOFF_TIME,
        )
        for row in rows
    ]


def unlock(name: str, address: str | None) -> bool:
    """Lets the name try again from that address, as `locked_out` has it; whether it was locked or close to it."""
    if "\0" in name or not _is_address(address):  # nothing that the table could hold
        return False
    removed, _of_which = AccessAttempt.objects.filter(username=name, ip_address=address).delete()
    return bool(removed)


def _is_address(text: str | None) -> bool:
    try:
        return text is None or bool(ip_address(text))
    except ValueError:
        return False


def locked_out_page(
    request: HttpRequest,
    original_response: HttpResponse | None = None,
    credentials: dict[str, Any] | None = None,
) -> HttpResponse:
    """The log-in page with what happened in plain words, as 429. What was typed as name stays."""
    form = (admin.site.login_form or AdminAuthenticationForm)(request)
    form.initial["username"] = str((credentials or {}).get("username") or request.POST.get("username", ""))
    context = {
        **admin.site.each_context(request),
        "title": _("Log in"),
        "form": form,
        "app_path": request.get_full_path(),
        "said": _said(),
    }
    answer = TemplateResponse(request, "admin/locked_out.html", context, status=429)
    answer["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
    return answer.render()


def _said() -> str:
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    said = ngettext(
        "Too many failed log-ins with this name from your address. Wait %(minutes)d minute, then try again; or ask"
        " whoever operates this system to unlock it.",
        "Too many failed log-ins with this name from your address. Wait %(minutes)d minutes, then try again; or ask"
        " whoever operates this system to unlock it.",
        minutes,
    )
    return said % {"minutes": minutes}


def now_locked_out() -> Sequence[LockOut]:
    """The lock-outs of this moment."""
    return locked_out(timezone.now())
