"""Shows that every fare in the view is the fold of its events. Exit code 1 if one is not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from projections.proof import prove

MOST_SHOWN = 20


class Command(BaseCommand):
    help = "Compares every fare in the view with the fold of its events; looks for gaps in positions and versions."

    def handle(self, *args: Any, **options: Any) -> None:
        proof = prove()
        self.stdout.write(f"{proof.events} events, {proof.fares} fares in the view")
        for difference in proof.differences[:MOST_SHOWN]:
            self.stdout.write(
                f"{difference.booking_id}: the events give version, fare {difference.folded},"
                f" the view has {difference.viewed} (minor units)"
            )
        for gap in proof.gaps[:MOST_SHOWN]:
            self.stdout.write(gap)
        self.stdout.write(f"{len(proof.differences)} fares differ from their events, {len(proof.gaps)} gaps")
        if not proof.holds:
            raise SystemExit(1)
