"""What the back office's own pages share: the shell around them, who may see them, who did what."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, QueryDict
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

logger = logging.getLogger(__name__)


class OwnPages(ModelAdmin):
    """A model in the admin whose pages are all our own: the admin's ready ones are not offered."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def require(self, request: HttpRequest, permission: str) -> None:
        """Raises PermissionDenied, naming what is missing: `app_label.codename`."""
        if not request.user.has_perm(permission):
            raise PermissionDenied(permission)

    def page(
        self, request: HttpRequest, template: str, title: str, status: int = 200, **context: Any
    ) -> TemplateResponse:
        """A page in the shell."""
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), "title": title, **context}
        return TemplateResponse(request, template, context, status=status)


def record(request: HttpRequest, model: type[Model], key: str, what: str) -> None:
    """Writes down who did what to which object, in the admin's own log and in the process's."""
    LogEntry.objects.create(
        user_id=str(request.user.pk),
        content_type=ContentType.objects.get_for_model(model),
        object_id=key,
        object_repr=key[:200],
        action_flag=CHANGE,
        change_message=what,
    )
    logger.info(
        "%s %s: %s", model._meta.verbose_name, key, what, extra={"actor": request.user.get_username()}
    )


def typed(given: QueryDict, name: str) -> str:
    """What an address has under a name, without spaces around it and without NUL, which no text of PostgreSQL has."""
    return given.get(name, "").replace("\0", "").strip()


def short(error: Exception, most: int = 300) -> str:
    """An error in one line, for a message: what a database quotes of a statement below its first line is left out."""
    said, *_quoted = str(error).splitlines() or [""]
    text = f"{type(error).__name__}: {said}"
    return text if len(text) <= most else f"{text[:most]}…"
