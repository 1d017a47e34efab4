"""The module that Django's SESSION_ENGINE setting names."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError

from events.database import is_away


class SessionStore(db.SessionStore):
    """Django's own takes a database that cannot be written for a session that was deleted, and answers 400."""

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except UpdateError as error:
            fault = error.__context__
            if fault is not None and is_away(fault):
                raise fault from fault.__cause__
            raise
