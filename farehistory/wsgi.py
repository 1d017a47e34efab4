"""The WSGI application that granian serves."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from farehistory.http.request_bodies import ChunkedBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "farehistory.settings")
os.environ.setdefault("DATABASE_ANSWER_WITHIN", "2")

django = get_wsgi_application()

# Django is set up by now.
from django.urls import get_resolver  # noqa: E402

from farehistory.database.of_requests import look_when_needed  # noqa: E402
from farehistory.http.slow_bodies import SlowBodies  # noqa: E402
from farehistory.startup import demand_rules_in_force  # noqa: E402
from farehistory.stop_signals import end_waits_on_stop  # noqa: E402

application = ChunkedBodies(SlowBodies(django))

demand_rules_in_force()
look_when_needed()
# Loads every view now: else each process's first request would, for seconds, and hold up a stop that comes meanwhile.
get_resolver().url_patterns  # noqa: B018
end_waits_on_stop()
