"""People, groups and schedules: the admins of Django and django-celery-beat on the shell's base class."""

from __future__ import annotations

from typing import Any

from celery import current_app
from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
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
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

admin.site.index_title = _("Start")
apps.get_app_config("django_celery_beat").verbose_name = _("Schedules")  # as the menu says

for model in (User, Group, PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    admin.site.unregister(model)


@admin.register(User)
class PersonAdmin(UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class PermissionGroupAdmin(GroupAdmin, ModelAdmin):
    pass


class _TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):
    """The list of registered tasks, drawn by the shell."""


class _PeriodicTaskForm(beat.PeriodicTaskForm):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = _TaskSelect()

    def clean(self) -> dict[str, Any]:
        """A task that no worker knows would be refused each time it is due, where nobody looks."""
        data: dict[str, Any] = super().clean()
        current_app.loader.import_default_modules()
        if data["task"] not in current_app.tasks:
            message = _("There is no task %(task)s. Choose one of those that are registered.")
            self.add_error("task", forms.ValidationError(message, params={"task": data["task"]}))
        return data


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(beat.PeriodicTaskAdmin, ModelAdmin):
    form = _PeriodicTaskForm
    list_display = ("name", "description", "enabled", "when", "last_run_at")
    ordering = ("name",)

    @admin.display(description=_("When"))
    def when(self, task: PeriodicTask) -> str:
        return str(task.crontab.human_readable if task.crontab else task.scheduler)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """To run, enable or disable is to change."""
        actions: dict[str, Any] = super().get_actions(request)
        if not self.has_change_permission(request):
            actions = {name: action for name, action in actions.items() if name not in self.actions}
        return actions

    @admin.action(description=_("Run selected tasks"))
    def run_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        try:
            super().run_tasks(request, queryset)
        except OperationalError:
            message = _("The broker does not answer. Try again once Redis is back.")
            self.message_user(request, message, level=messages.ERROR)


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(beat.IntervalScheduleAdmin, ModelAdmin):
    pass


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(beat.CrontabScheduleAdmin, ModelAdmin):
    pass


@admin.register(SolarSchedule)
class SolarScheduleAdmin(beat.SolarScheduleAdmin, ModelAdmin):
    pass


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(beat.ClockedScheduleAdmin, ModelAdmin):
    pass
