"""Makes an API key for a service. Only the key goes to standard output, so that a script can take it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from events import api_keys

LONGEST_DAYS = 36_500
LONGEST_NAME = 100


class Command(BaseCommand):
    help = "Make an API key for a service and print it. It cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source", help="the service, such as pricing: the source of the events that it appends"
        )
        parser.add_argument(
            "--scopes", required=True, help=f"with commas between, of {', '.join(api_keys.SCOPES)}"
        )
        parser.add_argument("--name", default="", help="what the key is for, for people")
        parser.add_argument("--expires-in-days", type=int, metavar="DAYS", help="default: never")
        parser.add_argument("--components", help="the only components that it may write, with commas between")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            _, secret = api_keys.create(
                options["source"],
                _listed(options["scopes"]),
                name=_name(options["name"]),
                expires_at=_expiry(options["expires_in_days"]),
                components=_components(options["components"]),
            )
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(secret)


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _name(text: str) -> str:
    if len(text) > LONGEST_NAME:
        raise ValueError(f"the name has {len(text)} characters; at most {LONGEST_NAME} are kept")
    return text


def _components(text: str | None) -> list[str] | None:
    if text is None:
        return None
    components = _listed(text)
    if not components:
        raise ValueError("--components names none; leave it out for a key that may write all")
    return components


def _expiry(days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= LONGEST_DAYS:
        raise ValueError(f"a key expires in 1 to {LONGEST_DAYS} days")
    return timezone.now() + timedelta(days=days)
