"""A thread's connections, and the requests that it answers.

Django goes over all connections and all caches, before and after every request, for what may be wrong with them. That
takes a sixth of the CPU of a cached read, which needs none of them.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import signals
from django.core.cache import close_caches
from django.db import close_old_connections, connections, reset_queries


def look_when_needed() -> None:
    """Has a connection looked at when a request first uses it. For a process that serves requests.

    What fails is closed by whoever meets it, or else before its next use. No cache of Django's is used.
    """
    signals.request_finished.disconnect(close_caches)
    signals.request_finished.disconnect(close_old_connections)
    signals.request_started.disconnect(close_old_connections)
    signals.request_started.connect(_begin)
    if not settings.DEBUG:
        signals.request_started.disconnect(reset_queries)  # none are noted


def _begin(**_: Any) -> None:
    for connection in connections.all(initialized_only=True):
        connection.may_be_unusable = True  # type: ignore[attr-defined]  # of our DatabaseWrapper
