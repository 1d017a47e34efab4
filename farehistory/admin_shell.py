"""The admin's shell: name, colours, navigation. Plain settings of django-unfold, imported by `settings`.

The pages themselves stand on `templates/` and `static/farehistory/`, so that the shell can be changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _item(title: Any, icon: str, url_name: str, permission: str) -> dict[str, Any]:
    link = reverse_lazy(f"admin:{url_name}")
    return {"title": title, "icon": icon, "link": link, "permission": _may(permission)}


def _is_about_projections(request: HttpRequest) -> bool:
    """Whether it is one of the operators' pages, which lie beside each other under one entry."""
    pages = ("projectionstate", "rebuild", "repair", "drift")
    return any(request.path.startswith(f"{reverse('admin:index')}projections/{page}/") for page in pages)


def _is_about_corrections(request: HttpRequest) -> bool:
    """The queue, the page of one, or proposing one."""
    return request.path.startswith(f"{reverse('admin:index')}events/correction/")


def _is_about_transfers(request: HttpRequest) -> bool:
    """The list of runs, the page of one, or the forms that begin one."""
    return request.path.startswith(f"{reverse('admin:index')}events/transfer/")


_NAVIGATION = [
    {
        "items": [
            {"title": _("Start"), "icon": "home", "link": reverse_lazy("admin:index")},
            _item(
                _("Fares"),
                "receipt_long",
                "projections_currentfare_changelist",
                "projections.view_currentfare",
            ),
            _item(_("Corrections"), "rule", "events_correction_changelist", "events.view_correction")
            | {"active": _is_about_corrections, "badge": "events.admin.corrections.badge.waiting"},
        ],
    },
    {
        "title": _("Operations"),
        "separator": True,
        "items": [
            _item(
                _("Projections"),
                "account_tree",
                "projections_projectionstate_changelist",
                "projections.view_projectionstate",
            )
            | {"active": _is_about_projections},
            _item(
                _("Schedules"),
                "schedule",
                "django_celery_beat_periodictask_changelist",
                "django_celery_beat.view_periodictask",
            ),
            _item(_("Imports and exports"), "swap_vert", "events_transfer_changelist", "events.view_transfer")
            | {"active": _is_about_transfers},
            _item(_("Clients and keys"), "key", "events_apikey_changelist", "events.view_apikey"),
            _item(
                _("Correction limits"),
                "price_check",
                "events_correctionlimit_changelist",
                "events.view_correctionlimit",
            ),
            _item(_("Reason codes"), "label", "events_reasoncode_changelist", "events.view_reasoncode"),
        ],
    },
    {
        "title": _("Staff"),
        "separator": True,
        "items": [
            _item(_("People"), "person", "auth_user_changelist", "auth.view_user"),
            _item(_("Groups"), "group", "auth_group_changelist", "auth.view_group"),
            _item(_("Lock-outs"), "lock_clock", "axes_accessattempt_changelist", "axes.view_accessattempt"),
            _item(_("Audit"), "policy", "events_auditentry_changelist", "events.view_auditentry"),
        ],
    },
]

# Slate blue: apart from the amber and teal that the charts use for up and down.
_PRIMARY = {
    "50": "oklch(97% .014 254.604)",
    "100": "oklch(93.2% .032 255.585)",
    "200": "oklch(88.2% .059 254.128)",
    "300": "oklch(80.9% .105 251.813)",
    "400": "oklch(70.7% .165 254.624)",
    "500": "oklch(62.3% .214 259.815)",
    "600": "oklch(54.6% .245 262.881)",
    "700": "oklch(48.8% .243 264.376)",
    "800": "oklch(42.4% .199 265.638)",
    "900": "oklch(37.9% .146 265.522)",
    "950": "oklch(28.2% .091 267.935)",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Fare history"),
    "SITE_HEADER": _("Fare history"),
    "SITE_SUBHEADER": _("Every fare, and why it is so"),
    "SITE_SYMBOL": "receipt_long",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("farehistory/favicon.svg"),
        },
    ],
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [
        lambda request: static("farehistory/fares.css"),
        lambda request: static("farehistory/search.css"),
        lambda request: static("farehistory/dashboard.css"),
        lambda request: static("farehistory/corrections.css"),
        lambda request: static("farehistory/transfers.css"),
        lambda request: static("farehistory/api_keys.css"),
        lambda request: static("farehistory/security.css"),
    ],
    "SCRIPTS": [
        lambda request: static("farehistory/fares.js"),
        lambda request: static("farehistory/keys.js"),
        lambda request: static("farehistory/search.js"),
        lambda request: static("farehistory/typed.js"),
        lambda request: static("farehistory/api_keys.js"),
    ],
    "ACCOUNT": {
        "navigation": [
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
            {"title": _("Second factor"), "link": reverse_lazy("second_factor")},
        ],
    },
    "COLORS": {"primary": _PRIMARY},
    # Never `search_models`: it would search every table by every field.
    "COMMAND": {"search_callback": "projections.admin.palette.find_fare"},
    "DASHBOARD_CALLBACK": "projections.admin.dashboard.index_context",
    "SIDEBAR": {"show_search": False, "navigation": _NAVIGATION},
}
