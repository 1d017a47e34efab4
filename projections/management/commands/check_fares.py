"""Shows that every fare in the view is the fold of its events. Exit code 1 if one is not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from projections.proof import prove
from projections.terminal_tables import counted

MOST_SHOWN = 20


class Command(BaseCommand):
    help = "Compares every fare in the view with the fold of its events; looks for gaps in positions and versions."

    def handle(self, *args: Any, **options: Any) -> None:
        proof = prove()
        self.stdout.write(f"{counted(proof.events, 'event')}, {counted(proof.fares, 'fare')} in the view")
        for difference in proof.differences[:MOST_SHOWN]:
            self.stdout.write(
                f"{difference.booking_id}: the events give version, fare {difference.folded},"
                f" the view has {difference.viewed} (minor units)"
            )
        for gap in proof.gaps[:MOST_SHOWN]:
            self.stdout.write(gap)
        number = len(proof.differences)
        differ = (
            "1 fare differs from its events" if number == 1 else f"{number:,} fares differ from their events"
        )
        self.stdout.write(f"{differ}, {counted(len(proof.gaps), 'gap')}")
        if not proof.holds:
            raise SystemExit(1)
