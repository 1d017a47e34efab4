"""Lists API keys: never their text, which is kept nowhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from events import key_states
from events.key_acts import holder_name
from events.key_states import KeyState
from events.models import ApiKey

HEADS = (
    "key",
    "service",
    "state",
    "expires",
    "last_used",
    "scopes",
    "components",
    "corrects_as",
    "rate_limit",
    "name",
)


class Command(BaseCommand):
    help = "List API keys that are in force, or others: their rights and state."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--source", help="of this service only")
        parser.add_argument(
            "--state",
            choices=[*KeyState, "all"],
            help="in this state, or all; default: those in force",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        now, state = timezone.now(), options["state"]
        keys = ApiKey.objects.select_related("successor").order_by("source", "-pk")
        if options["source"]:
            keys = keys.filter(source=options["source"])
        if state != "all":
            keys = keys.filter(
                key_states.in_state(KeyState(state), now) if state else key_states.in_force(now)
            )
        rows = [_row(key, now) for key in keys.iterator()]
        if options["json"]:
            for row in rows:
                self.stdout.write(json.dumps(row))
        elif rows:
            self._table(
                [
                    [head.replace("_", " ") for head in HEADS],
                    *([_text(row[head]) for head in HEADS] for row in rows),
                ]
            )
        else:
            self.stdout.write("No key.")

    def _table(self, lines: list[list[str]]) -> None:
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            cells = (text.ljust(width) for text, width in zip(line, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())


def _row(key: ApiKey, now: datetime) -> dict[str, Any]:
    return {
        "key": key.key_id,
        "service": key.source,
        "name": key.name,
        "state": str(key_states.state_of(key, now)),
        "created": _time(key.created_at),
        "expires": _time(key.expires_at),
        "revoked": _time(key.revoked_at),
        "last_used": _time(key.last_used_at),
        "scopes": key.scopes,
        "components": key.components,
        "corrects_as": holder_name(key),
        "rate_limit": key.rate_limit,
        "successor": key.successor.key_id if hasattr(key, "successor") else None,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return ",".join(value) if isinstance(value, list) else str(value)
