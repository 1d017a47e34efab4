"""The groups that staff are put into, and what each may do. Made by `migrate`; add rights by hand."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission

_SCHEDULES = ("periodictask", "intervalschedule", "crontabschedule")

_READ_SIDE = frozenset(
    f"projections.view_{model}" for model in ("projectionstate", "rebuild", "drift", "driftwalk")
)

VIEWER = frozenset({"projections.view_currentfare", "events.view_fareevent"})
SUPPORT = VIEWER | {"projections.add_receipt"}
LEAD = SUPPORT
OPERATOR = (
    SUPPORT
    | _READ_SIDE
    | {
        "projections.change_projectionstate",
        "projections.retry_setaside",
        "projections.add_rebuild",
        "projections.change_rebuild",
        "projections.change_drift",
    }
    | {f"django_celery_beat.{action}_{model}" for action in ("view", "add", "change") for model in _SCHEDULES}
)
AUDITOR = VIEWER | _READ_SIDE | {"auth.view_user", "auth.view_group"}

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
