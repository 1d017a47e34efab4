"""`manage.py demo`, which is what `make demo` runs."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from farehistory.demo.run import run
from farehistory.demo.terminal import Terminal
from farehistory.embedded.state import EmbeddedError, State
from farehistory.embedded.supervisor import Stopped
from farehistory.sample.fill import SampleRefused


class Command(BaseCommand):
    help = (
        "Runs the whole platform with sample data until Ctrl-C: PostgreSQL and Valkey of the state folder "
        "(or those of DATABASE_URL and REDIS_URL), web, worker and beat. PORT and FAREHISTORY_STATE move it."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        terminal = Terminal()
        try:
            with suppress(Stopped):
                run(State.from_environment(), _port(), terminal)
            terminal.say("Stopped; nothing is left running.")
        except (EmbeddedError, SampleRefused) as error:
            raise CommandError(str(error)) from error
        except OperationalError as error:
            raise CommandError(f"PostgreSQL does not answer: {error}") from error


def _port() -> int:
    text = os.environ.get("PORT", "8000")
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise CommandError(f"PORT is {text!r}; it must be a number from 1 to 65535.")
    return int(text)
