"""The ready pages of the back office on the shell's base class: those of schedules here, the others imported."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from celery import current_app
from cron_descriptor import (
    FormatException,
    MissingFieldException,
    Options,
    WrongArgumentException,
    get_description,
)
from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_celery_beat import admin as beat
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from kombu.exceptions import OperationalError
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from events.admin.audited import Audited
from events.admin.named_rights import NamedRights
from farehistory.security.lock_outs_admin import LockOutAdmin
from farehistory.security.people_admin import PermissionGroupAdmin, PersonAdmin

__all__ = ["LockOutAdmin", "PermissionGroupAdmin", "PersonAdmin"]

admin.site.index_title = _("Start")
apps.get_app_config("django_celery_beat").verbose_name = _("Schedules")  # as the menu says

for model in (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    admin.site.unregister(model)


class _TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):
    """The list of registered tasks, drawn by the shell."""


class _PeriodicTaskForm(beat.PeriodicTaskForm):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = _TaskSelect()
        current_app.loader.import_default_modules()
        if self.instance.task in current_app.tasks:
            self.initial |= {"regtask": self.instance.task, "task": ""}

    def clean(self) -> dict[str, Any]:
        """A task that no worker knows would be refused each time it is due, where nobody looks."""
        data: dict[str, Any] = super().clean()
        current_app.loader.import_default_modules()
        if data["task"] not in current_app.tasks:
            message = _("There is no task %(task)s. Choose one of those that are registered.")
            self.add_error("task", forms.ValidationError(message, params={"task": data["task"]}))
        return data


def _in_words(crontab: CrontabSchedule) -> str:
    """When it is due, by twenty-four hours as every other time here; beat's own words know only twelve."""
    parts = (crontab.minute, crontab.hour, crontab.day_of_month, crontab.month_of_year, crontab.day_of_week)
    options = Options()
    options.use_24hour_time_format = True
    try:
        words = str(get_description(" ".join(part.replace(" ", "") for part in parts), options))
    except (FormatException, MissingFieldException, WrongArgumentException):
        return str(crontab.human_readable)
    return f"{words} {crontab.timezone}"


_ACTIVITY = ("enable_tasks", "disable_tasks", "toggle_tasks", "run_tasks")


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(NamedRights, Audited, beat.PeriodicTaskAdmin, ModelAdmin):
    form = _PeriodicTaskForm
    change_form_template = None  # beat's own would write a script into the page
    list_display = ("name", "description", "enabled", "when", "last_run")
    ordering = ("name",)
    actions = _ACTIVITY

    @admin.display(description=_("When"))
    def when(self, task: PeriodicTask) -> str:
        return _in_words(task.crontab) if task.crontab else str(task.scheduler)

    @admin.display(description=_("Crontab in words"))
    def crontab_translation(self, task: PeriodicTask) -> str | None:
        """As beat's form of a schedule asks for it."""
        return _in_words(task.crontab) if task.crontab else None

    @admin.display(description=_("Last run"), ordering="last_run_at", empty_value="never")
    def last_run(self, task: PeriodicTask) -> datetime | None:
        last: datetime | None = task.last_run_at
        return last

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """To run, enable or disable is to change."""
        actions: dict[str, Any] = super().get_actions(request)
        if not self.has_change_permission(request):
            actions = {name: action for name, action in actions.items() if name not in _ACTIVITY}
        return actions

    def audited_details(self, obj: PeriodicTask) -> dict[str, Any]:
        """What runs and when."""
        return {"task": obj.task, "when": self.when(obj), "enabled": obj.enabled, "keywords": obj.kwargs}

    @admin.action(description=beat.PeriodicTaskAdmin.enable_tasks.short_description)
    def enable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        super().enable_tasks(request, queryset)
        self._note_activity(request, queryset)

    @admin.action(description=beat.PeriodicTaskAdmin.disable_tasks.short_description)
    def disable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        super().disable_tasks(request, queryset)
        self._note_activity(request, queryset)

    @admin.action(description=beat.PeriodicTaskAdmin.toggle_tasks.short_description)
    def toggle_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        super().toggle_tasks(request, queryset)
        self._note_activity(request, queryset)

    def _note_activity(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        for task in queryset.all():
            self.note(request, "setting_changed", task, changes=["enabled"])

    @admin.action(description=_("Run selected tasks"))
    def run_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        for task in queryset:
            self.note(request, "schedule_run", task)
        try:
            super().run_tasks(request, queryset)
        except OperationalError:
            message = _("The broker does not answer. Try again once Redis is back.")
            self.message_user(request, message, level=messages.ERROR)


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(NamedRights, Audited, beat.IntervalScheduleAdmin, ModelAdmin):
    pass


class _CrontabForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        """A date that never comes, such as 31 February, is no field's fault; beat would leave it out in silence."""
        data = super().clean() or {}
        if not self.errors:
            try:
                str(CrontabSchedule(**data).schedule)
            except ValueError as error:
                raise forms.ValidationError(
                    _("That moment never comes: %(why)s"), params={"why": error}
                ) from error
        return data


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(NamedRights, Audited, beat.CrontabScheduleAdmin, ModelAdmin):
    form = _CrontabForm
    list_display = ("__str__", "in_words")
    fields = ("in_words", *beat.CrontabScheduleAdmin.fields[1:])
    readonly_fields = ("in_words",)

    @admin.display(description=_("In words"))
    def in_words(self, crontab: CrontabSchedule) -> str:
        return _in_words(crontab)


@admin.register(SolarSchedule)
class SolarScheduleAdmin(NamedRights, Audited, beat.SolarScheduleAdmin, ModelAdmin):
    pass


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(NamedRights, Audited, beat.ClockedScheduleAdmin, ModelAdmin):
    pass
