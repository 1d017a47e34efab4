"""The bare views of these benchmarks behind a server of their own, for `benchmarks.over_http`.

As in a project that `django-admin startproject` has just made, or, with BARE_MIDDLEWARE=none, without any middleware.
"""

from __future__ import annotations

import os

from benchmarks import cached_read, http_append
from benchmarks.http_calls import bare

OF_A_NEW_PROJECT = (
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
)

urlpatterns = [*cached_read.urlpatterns, *http_append.urlpatterns]

application = bare(__name__, () if os.environ.get("BARE_MIDDLEWARE") == "none" else OF_A_NEW_PROJECT)
