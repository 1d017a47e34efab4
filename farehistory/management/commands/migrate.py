"""Django's migrate, run as the owner; afterwards the application role gets its rights."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import connections

from events.corrections.reasons import ensure_reason_codes
from farehistory.application_role import grant_rights
from farehistory.groups import ensure_groups
from farehistory.schedules import ensure_schedules
from projections.installation import ensure_installed


class Command(migrate.Command):
    help = (
        "Migrates as the owner role, then grants the application role its rights and makes new projections."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        if "owner" not in settings.DATABASES:
            raise CommandError(
                "MIGRATION_DATABASE_URL is not set: migrations run as the owner role, not the application."
            )
        super().handle(*args, **options)
        if not (options["plan"] or options["check_unapplied"]):
            grant_rights(connections[options["database"]], settings.FAREHISTORY_APPLICATION_ROLE)
            if options["app_label"] is None:  # not on the way to some migration in between
                ensure_installed()
                ensure_groups()
                ensure_schedules()
                ensure_reason_codes()
