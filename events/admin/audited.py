"""What staff edit in the admin's ready pages, such as people, groups and limits, is noted in the audit."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from events import audit


class Audited(ModelAdmin):
    """Mixed into a ModelAdmin, before it: every addition, change and deletion becomes an entry, in its transaction.

    So does nothing happen that cannot be noted. Actions note what they do by `note`, in their transaction too.
    """

    def audited_details(self, obj: Any) -> dict[str, Any]:
        """What should be kept of an object beside its name; overridden where more than the name matters."""
        return {}

    def note(self, request: HttpRequest, what: str, obj: Any, **details: Any) -> None:
        """One entry about one object, as it is now. `what`: one of events.audit.ACTIONS. Raises Unavailable."""
        kind = str(obj._meta.verbose_name)
        details |= self.audited_details(obj)
        audit.record(
            what, user=request.user, request=request, kind=kind, key=str(obj.pk), name=str(obj), **details
        )

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self.note(request, "setting_added", obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self.note(request, "setting_changed", obj, changes=_changes(message))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            self.note(request, "setting_deleted", obj)
        return super().log_deletions(request, queryset)

    @transaction.atomic
    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> Any:
        """What an action does and what it notes come together or not at all."""
        return super().response_action(request, queryset, *args)


def _changes(message: Any) -> Any:
    """The names of the fields that were changed; of another message all of it."""
    if not isinstance(message, list):
        return message
    return [name for part in message for act in part.values() for name in act.get("fields", [])]
