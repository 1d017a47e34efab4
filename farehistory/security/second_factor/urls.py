"""Below /admin/, before the admin's own: for every member of staff, whatever the groups."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from farehistory.security.second_factor import views

urlpatterns = [
    path("", admin.site.admin_view(views.status), name=views.STATUS),
    path("set-up/", admin.site.admin_view(views.set_up), name=views.SET_UP),
    path("check/", admin.site.admin_view(views.check), name=views.CHECK),
    path("recovery-codes/", admin.site.admin_view(views.recovery_codes), name="second_factor_recovery_codes"),
    path("remove/", admin.site.admin_view(views.remove), name="second_factor_remove"),
]
