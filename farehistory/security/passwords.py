"""Changing one's own password, which Django's page would not note anywhere."""

from __future__ import annotations

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from events import audit


@transaction.atomic
def password_change(request: HttpRequest) -> HttpResponse:
    """The admin's own page; that the password was changed goes into the audit."""
    answer: HttpResponse = admin.site.password_change(request)
    if request.method == "POST" and answer.status_code == 302:
        audit.record("password_changed", user=request.user, request=request)
    return answer
