from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView

from farehistory.http.handlers import NOWHERE, no_such_address
from farehistory.security.passwords import password_change

urlpatterns = [
    # Patterns are tried one after the other: the API's first, since it is called most.
    path("api/v1/", include("projections.api.urls")),
    path("api/v1/", include("events.api.urls")),
    path("api/", include("farehistory.http.schema_urls")),  # the last of api/: it answers all that is left
    path("api", csrf_exempt(no_such_address), name=NOWHERE),  # a problem, too, and no redirect to the slash
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/second-factor/", include("farehistory.security.second_factor.urls")),
    path("admin/password_change/", admin.site.admin_view(password_change)),  # the admin's own notes nothing
    path("admin/", admin.site.urls),
]

handler400 = "farehistory.http.handlers.answer_400"
handler403 = "farehistory.http.handlers.answer_403"
handler404 = "farehistory.http.handlers.answer_404"
handler500 = "farehistory.http.handlers.answer_500"
