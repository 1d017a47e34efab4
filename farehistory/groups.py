"""The groups that staff are put into, and what each may do. Made by `migrate`; add rights by hand."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission

_SCHEDULES = ("periodictask", "intervalschedule", "crontabschedule")
_CORRECTING = ("correctionlimit", "reasoncode")
_EXPORTING = frozenset({"events.view_transfer", "events.export_ledger"})

_READ_SIDE = frozenset(
    f"projections.view_{model}" for model in ("projectionstate", "rebuild", "repair", "drift", "driftwalk")
)

VIEWER = frozenset({"projections.view_currentfare", "events.view_fareevent", "events.view_correction"})
SUPPORT = VIEWER | {"projections.add_receipt", "events.add_correction", "events.approve_correction"}
LEAD = SUPPORT | {"events.approve_large_correction", "events.view_correctionlimit", "events.view_reasoncode"}
OPERATOR = (
    VIEWER
    | _READ_SIDE
    | _EXPORTING
    | {
        "events.import_fares",
        "events.delete_correctionlimit",
        "projections.add_receipt",
        "projections.change_projectionstate",
        "projections.retry_setaside",
        "projections.add_rebuild",
        "projections.change_rebuild",
        "projections.change_drift",
        "axes.view_accessattempt",
        "axes.delete_accessattempt",
    }
    | {f"events.{action}_apikey" for action in ("view", "add", "change")}
    | {f"events.{action}_{model}" for action in ("view", "add", "change") for model in _CORRECTING}
    | {f"django_celery_beat.{action}_{model}" for action in ("view", "add", "change") for model in _SCHEDULES}
)
AUDITOR = (
    VIEWER
    | _READ_SIDE
    | _EXPORTING
    | {"events.export_metadata"}
    | {"auth.view_user", "auth.view_group", "axes.view_accessattempt"}
    | {"events.view_auditentry", "events.view_apikey"}
    | {f"events.view_{model}" for model in _CORRECTING}
)

GROUPS: dict[str, frozenset[str]] = {
    "viewer": VIEWER,
    "support": SUPPORT,
    "lead": LEAD,
    "operator": OPERATOR,
    "auditor": AUDITOR,
}
"""Name of the group → its permissions, `app_label.codename`."""


def ensure_groups() -> None:
    """Makes the groups that are missing and gives each its permissions; takes nothing away, so may run again.

    Raises Permission.DoesNotExist if a permission is named here that no model has.
    """
    for name, permissions in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*map(_permission, sorted(permissions)))


def _permission(name: str) -> Permission:
    app_label, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)
