"""Makes an API key for a service. Only the key goes to standard output, so that a script can take it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from events import api_keys, key_acts
from events.errors import Unavailable
from events.key_acts import By
from events.management.accounts import account
from events.management.key_arguments import expiry


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
        parser.add_argument(
            "--user", metavar="NAME", help="the member of staff whose rights it uses for corrections"
        )
        parser.add_argument(
            "--rate-limit",
            type=int,
            metavar="REQUESTS",
            help="that it may make in FAREHISTORY_RATE_WINDOW seconds; default: FAREHISTORY_RATE_LIMIT",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = key_acts.create(
                By(account=account()),
                options["source"],
                _listed(options["scopes"]),
                name=options["name"],
                expires_at=expiry(options["expires_in_days"]),
                components=_components(options["components"]),
                user_id=_user_id(options["user"]),
                rate_limit=options["rate_limit"],
            )
        except (ValueError, Unavailable) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(made.text)
        if "fares:correct" in made.key.scopes and made.key.user_id is None:
            self.stderr.write("Corrections are made by people: without --user, this key can make none.")


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _user_id(name: str | None) -> int | None:
    if name is None:
        return None
    person = get_user_model().objects.filter(username=name, is_active=True, is_staff=True).first()
    if person is None:
        raise ValueError(f"{name!a} is not the name of an active member of staff")
    return int(person.pk)


def _components(text: str | None) -> list[str] | None:
    if text is None:
        return None
    components = _listed(text)
    if not components:
        raise ValueError("--components names none; leave it out for a key that may write all")
    return components
