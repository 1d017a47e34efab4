#!/usr/bin/env python
"""Django's command line: `manage.py help` lists the commands."""

from __future__ import annotations

import os
import sys

import redis
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

from farehistory.embedded.state import EmbeddedError

COULD_NOT_RUN = 2


def main() -> None:
    """Runs a command. What its caller can mend is said in a sentence, with exit code 2, not in a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "farehistory.settings")
    if sys.argv[1:2] != ["demo"]:  # which starts servers
        # A server's folder: it adds up all that others leave there, for as long as it runs.
        os.environ.pop("FAREHISTORY_RUN", None)
    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, EmbeddedError) as error:
        print(error, file=sys.stderr)
    except OperationalError as error:
        _say_that_it_is_away("PostgreSQL", error, "DATABASE_URL")
    except (redis.ConnectionError, redis.TimeoutError) as error:
        _say_that_it_is_away("Redis", error, "REDIS_URL")
    else:
        return
    sys.exit(COULD_NOT_RUN)


def _say_that_it_is_away(server: str, error: Exception, setting: str) -> None:
    reason = str(error).strip().splitlines()[0]
    print(f"{server} does not answer: {reason}", file=sys.stderr)
    if not os.environ.get(setting):
        print(f"Start `make demo` with the same FAREHISTORY_STATE, or set {setting}.", file=sys.stderr)


if __name__ == "__main__":
    main()
