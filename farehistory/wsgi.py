"""The WSGI application that granian serves."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from farehistory.http.request_bodies import ChunkedBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "farehistory.settings")
os.environ.setdefault("DATABASE_ANSWER_WITHIN", "2")

application = ChunkedBodies(get_wsgi_application())

# Django is set up by now.
from farehistory.startup import demand_rules_in_force  # noqa: E402
from farehistory.stop_signals import end_waits_on_stop  # noqa: E402

demand_rules_in_force()
end_waits_on_stop()
