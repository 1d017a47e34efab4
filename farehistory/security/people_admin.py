"""People and groups in the admin: Django's own pages, on the shell's base class, with every change in the audit."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import ManyToManyField, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from events import audit
from events.admin.audited import Audited
from events.admin.named_rights import NamedRights
from farehistory.security.second_factor import devices

for model in (User, Group):
    admin.site.unregister(model)
for model in (StaticDevice, TOTPDevice):  # their pages would show people's secrets to administrators
    admin.site.unregister(model)


class EditedByAdministrators(admin.ModelAdmin):
    """Who may edit people or groups can make themselves anything, so no right that a group may have is enough."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)


@admin.register(User)
class PersonAdmin(NamedRights, Audited, EditedByAdministrators, UserAdmin, ModelAdmin):
    """People get their rights from groups, so that what somebody may do can be said in a word."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    actions = ("remove_second_factor",)
    filter_horizontal = ()
    list_display = ("username", "whose", "in_groups", "is_staff", "is_active")
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")
    formfield_overrides = {ManyToManyField: {"widget": UnfoldAdminCheckboxSelectMultipleWidget}}
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request)
        return people.prefetch_related("groups")

    @admin.display(description=_("Name"), ordering="last_name")
    def whose(self, person: User) -> str | None:
        return person.get_full_name() or person.email or None

    @admin.display(description=_("Groups"))
    def in_groups(self, person: User) -> str | None:
        """What the person may do, in a word."""
        groups = sorted(group.name for group in person.groups.all())
        return ", ".join([str(_("administrator")), *groups] if person.is_superuser else groups) or None

    def audited_details(self, obj: User) -> dict[str, Any]:
        """What the person may do now."""
        return {
            "groups": sorted(obj.groups.values_list("name", flat=True)),
            "own_permissions": sorted(obj.user_permissions.values_list("codename", flat=True)),
            "staff": obj.is_staff,
            "administrator": obj.is_superuser,
            "active": obj.is_active,
        }

    @admin.action(description=_("Remove the second factor of selected people"), permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For who lost phone and recovery codes: the password alone lets them in until they set up a new one."""
        for person in queryset:
            if devices.remove(person):
                audit.record(
                    "second_factor_removed", user=request.user, request=request, of=person.get_username()
                )
                messages.success(request, _("%(person)s has no second factor any more.") % {"person": person})
            else:
                messages.info(request, _("%(person)s had no second factor.") % {"person": person})


_NO_PAGES: Final = ("admin", "contenttypes", "sessions", "otp_static", "otp_totp")


def _offered(permissions: QuerySet[Permission]) -> QuerySet[Permission]:
    without_pages = Q(content_type__app_label__in=_NO_PAGES) | Q(content_type__model="permission")
    of_people = Q(content_type__app_label="auth") & ~Q(codename__startswith="view_")
    of_axes = Q(content_type__app_label="axes") & ~Q(
        codename__in=("view_accessattempt", "delete_accessattempt")
    )
    return permissions.exclude(without_pages | of_people | of_axes)


@admin.register(Group)
class PermissionGroupAdmin(NamedRights, Audited, EditedByAdministrators, GroupAdmin, ModelAdmin):
    filter_horizontal = ()
    formfield_overrides = {ManyToManyField: {"widget": UnfoldAdminCheckboxSelectMultipleWidget}}

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        """Rights over what has no pages here are not offered; a group that has one keeps it."""
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "permissions":
            field.queryset = _offered(field.queryset)
        return field

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """What was not offered was not taken away either."""
        kept = list(form.instance.permissions.exclude(pk__in=_offered(Permission.objects.all())))
        super().save_related(request, form, formsets, change)
        form.instance.permissions.add(*kept)

    def audited_details(self, obj: Group) -> dict[str, Any]:
        """What its members may do now."""
        return {"permissions": sorted(obj.permissions.values_list("codename", flat=True))}
