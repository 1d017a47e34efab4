"""The WSGI application that granian serves."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from farehistory.http.request_bodies import ChunkedBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "farehistory.settings")
os.environ.setdefault("DATABASE_ANSWER_WITHIN", "2")

application = ChunkedBodies(get_wsgi_application())

from farehistory.startup import demand_rules_in_force  # noqa: E402 - Django is set up by now

demand_rules_in_force()
