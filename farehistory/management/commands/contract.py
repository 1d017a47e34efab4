"""Writes the API's contract, docs/openapi.yaml and docs/errors.md, as the code has it; or checks that it is so."""

from __future__ import annotations

import difflib
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from farehistory.http import contract


class Command(BaseCommand):
    help = "Write docs/openapi.yaml and docs/errors.md anew from the code."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="write nothing; fail, with the difference, if a file has drifted",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        drifted = []
        for path, text in contract.files().items():
            committed = path.read_text() if path.exists() else ""
            if committed == text:
                continue
            drifted.append(f"docs/{path.name}")
            if options["check"]:
                lines = difflib.unified_diff(
                    committed.splitlines(), text.splitlines(), "committed", "of the code", lineterm=""
                )
                self.stdout.write("\n".join(lines))
            else:
                path.write_text(text)
        if options["check"] and drifted:
            raise CommandError(f"{' and '.join(drifted)} drifted from the code: run `{contract.REMAKE}`.")
        if drifted and not options["check"]:
            self.stdout.write(f"{' and '.join(drifted)} written; look at what changed, and commit it.")
