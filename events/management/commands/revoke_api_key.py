"""Revokes an API key: it is refused from the next request on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events import key_acts
from events.errors import Unavailable
from events.key_acts import By
from events.management.accounts import account
from events.management.key_arguments import key_of


class Command(BaseCommand):
    help = "Revoke an API key, for good: it is refused from the next request on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key_id", help="the key's id, as list_api_keys shows it")
        parser.add_argument("--reason", default="", help="why, for the audit")

    def handle(self, *args: Any, **options: Any) -> None:
        key = key_of(options["key_id"])
        try:
            changed = key_acts.revoke(By(account=account()), key, reason=options["reason"])
        except Unavailable as error:
            raise CommandError(str(error)) from None
        if changed:
            self.stdout.write(f"{key.key_id} of {key.source} is revoked.")
        else:
            self.stdout.write(f"{key.key_id} of {key.source} had been revoked before.")
