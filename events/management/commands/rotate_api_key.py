"""Makes the successor of an API key. Only the new key goes to standard output, so that a script can take it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from events import api_keys, key_acts
from events.errors import Unavailable
from events.key_acts import By
from events.management.accounts import account
from events.management.key_arguments import expiry, key_of

OVERLAP_HOURS = api_keys.OVERLAP // timedelta(hours=1)
LONGEST_HOURS = api_keys.LONGEST_OVERLAP // timedelta(hours=1)


class Command(BaseCommand):
    help = (
        "Make a new API key with the rights of another and print it; it cannot be shown again. "
        "The old one works on for a while, and is then refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key_id", help="the old key's id, as list_api_keys shows it")
        parser.add_argument(
            "--overlap-hours",
            type=int,
            default=OVERLAP_HOURS,
            metavar="HOURS",
            help=f"how long the old key works on (default: {OVERLAP_HOURS}; 0: it is refused at once)",
        )
        parser.add_argument(
            "--expires-in-days", type=int, metavar="DAYS", help="of the new key; default: never"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        key, hours = key_of(options["key_id"]), options["overlap_hours"]
        try:
            if not 0 <= hours <= LONGEST_HOURS:
                raise ValueError(f"the overlap is 0 to {LONGEST_HOURS} hours")
            made = key_acts.rotate(
                By(account=account()),
                key,
                works_until=timezone.now() + timedelta(hours=hours),
                expires_at=expiry(options["expires_in_days"]),
            )
        except (ValueError, Unavailable) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(made.text)
        self.stderr.write(f"{key.key_id} is refused from {key.expires_at:%Y-%m-%d %H:%M:%S} UTC on.")
