"""`manage.py trim_audit --before 2025-01-01`: the one way in which entries of the audit go."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from events.audit_trim import trim
from events.management.accounts import account

KEPT: Final = timedelta(days=365)
"""What is younger stays, whatever is asked for."""


class Command(BaseCommand):
    help = (
        "Removes entries of the audit from before a day (UTC), as the owner: it needs MIGRATION_DATABASE_URL. "
        f"Entries of the last {KEPT.days} days stay. That it was done, and by whom, is itself noted in the audit."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--before", type=_day, required=True, metavar="YYYY-MM-DD", help="the first day that stays"
        )

    def handle(self, *args: Any, before: date, **options: Any) -> None:
        if "owner" not in settings.DATABASES:
            raise CommandError(
                "MIGRATION_DATABASE_URL is not set: only the owner of the database may do this."
            )
        instant = datetime.combine(before, time.min, UTC)
        if instant > timezone.now() - KEPT:
            raise CommandError(
                f"Entries of the last {KEPT.days} days stay: name an earlier day than {before}."
            )
        try:
            removed = sum(trim(instant, by=account()))
        except DatabaseError as error:
            raise CommandError(f"It stopped, and can be run again: {error}") from error
        self.stdout.write(f"Removed {removed} entries from before {before}.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a day like 2025-01-31") from error
