"""How log lines look: a JSON object each for machines, or plain lines for people; `LOG_FORMAT` chooses.

Both carry the request's id, in a worker too. What looks like an API key loses its secret before it is written, wherever
it stands: in a message, a traceback, an address that somebody typed.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any, Final

from farehistory.http.request_ids import current_request_id
from farehistory.task_context import current_actor, current_task

# As `events.api_keys` makes keys; that module cannot be imported before Django's apps are loaded.
_SECRET: Final = re.compile(r"(fh_[0-9a-f]{16}_)[A-Za-z0-9_-]{8,}")


def without_secrets(text: str) -> str:
    """The text without the secret of any key that stands in it."""
    return _SECRET.sub(r"\1...", text) if "fh_" in text else text


class Plain(logging.Formatter):
    """A line for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.request_id = current_request_id.get() or "-"
        return without_secrets(super().format(record))


class JsonLines(logging.Formatter):
    """A JSON object in one line: time, level, logger, message; request_id, task, task_id and actor where there are;
    exception with its traceback; and what the record brings as `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        task, task_id = current_task.get() or (None, None)
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id.get(),
            "task": task,
            "task_id": task_id,
            "actor": current_actor.get(),
            **getattr(record, "fields", {}),
            "exception": self._exception(record),
        }
        known = {name: value for name, value in line.items() if value is not None}
        return without_secrets(json.dumps(known, default=str))

    def _exception(self, record: logging.LogRecord) -> str | None:
        if record.exc_info and record.exc_info[0] is not None:
            return self.formatException(record.exc_info)
        return record.exc_text or None


def settings(form: str, level: str) -> dict[str, Any]:
    """Django's LOGGING. `form`: "json" or "plain"."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": JsonLines if form == "json" else Plain}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {
            # What a client did wrong is answered, not logged; what we did wrong is an error.
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # Log-ins are in the audit; a lock-out is a warning.
            "axes": {"level": "WARNING"},
            # Celery's line for every task that went well would be one for every sweep; one that moved something
            # says so itself.
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            # Nor does a sweep matter that expired while the worker was busy: another one follows.
            "celery.worker.request": {"level": "WARNING"},
        },
        "root": {"handlers": ["stderr"], "level": level},
    }
