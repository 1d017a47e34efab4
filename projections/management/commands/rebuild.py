"""`manage.py rebuild`: a projection computed anew beside the live one, compared, and swapped in."""

from __future__ import annotations

import sys
import time
from typing import Any, Final, NoReturn, TextIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, connection

from projections import rebuild
from projections.checkpoints import OtherVersion
from projections.management.arguments import partitions, who
from projections.models import Drift, Rebuild
from projections.projectors import UnknownProjection
from projections.rebuild import terminal

State = Rebuild.State

EQUAL, DRIFT, WRONG_USE, WAITS, CANCELLED, FAILED, STOPPED = 0, 1, 2, 3, 4, 5, 130

SECONDS_TO_RECOVER: Final = 30.0
"""For how long the database may be away before the command gives up; the rebuild itself does not."""


class Command(BaseCommand):
    help = (
        "Computes a projection anew beside the live one, compares the two, and swaps it in. Reads and appends go on."
        " Run it again to go on with one that was stopped. Exit codes: 0 done, nothing differed;"
        " 1 the view had drifted (it was put right, or with --dry-run only shown); 2 wrong use;"
        " 3 a new version waits for --accept; 4 cancelled; 5 failed; 130 stopped by Ctrl-C."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("name", metavar="NAME", help="the projection, such as current_fare")
        add(
            "--partitions",
            type=partitions,
            metavar="LIST",
            help="only these, such as 0-15 or 3,5: rows put right",
        )
        one = parser.add_mutually_exclusive_group()
        one.add_argument("--dry-run", action="store_true", help="compare and show, change nothing")
        one.add_argument("--accept", action="store_true", help="swap a new version in, whatever differs")
        add(
            "--cancel",
            action="store_true",
            help="end the rebuild that is under way; the live view is untouched",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = self._cancel(options["name"]) if options["cancel"] else self._rebuild(options)
        except (UnknownProjection, rebuild.CannotRebuild, rebuild.RebuildUnderWay) as error:
            raise CommandError(str(error), returncode=WRONG_USE) from None
        if code != EQUAL:
            sys.exit(code)

    def _cancel(self, name: str) -> int:
        current = rebuild.unfinished(name)
        if current is None:
            raise CommandError(f"no rebuild of {name} is under way", returncode=WRONG_USE)
        ended = rebuild.cancel(current.pk, who())
        self.stdout.write(
            f"rebuild {ended.pk} was cancelled" if ended.finished else "it ends with the step that it is in"
        )
        return EQUAL

    def _rebuild(self, options: dict[str, Any]) -> int:
        run = None
        try:
            run = rebuild.start(
                options["name"],
                partitions=options["partitions"],
                dry_run=options["dry_run"],
                accept=options["accept"],
                requested_by=who(),
            )
            with terminal.ProgressShown(options.get("stderr") or sys.stderr) as shown:
                run = self._to_the_end(run, shown)
        except KeyboardInterrupt:
            # Perhaps pressed when it was begun already, but not yet told.
            self._stopped(run or rebuild.unfinished(options["name"]))
        return self._tell(run)

    def _to_the_end(self, run: Rebuild, shown: terminal.ProgressShown) -> Rebuild:
        """Bears a database that is away for a while. Raises CommandError where the rebuild cannot go on now."""
        away_since = last_error = -SECONDS_TO_RECOVER
        while True:
            try:
                return rebuild.run(run.pk, on_progress=shown)
            except (rebuild.SwapBlocked, OtherVersion) as error:
                raise CommandError(f"{error}. {_how_to_go_on(run)}", returncode=FAILED) from None
            except (OperationalError, InterfaceError) as error:
                now = time.monotonic()
                away_since = away_since if now - last_error < SECONDS_TO_RECOVER else now
                last_error = now
                if now - away_since > SECONDS_TO_RECOVER:
                    raise CommandError(f"{error} {_how_to_go_on(run)}", returncode=FAILED) from error
                self.stderr.write(f"tries again in a second: {error}")
                connection.close()
                time.sleep(1)

    def _stopped(self, run: Rebuild | None) -> NoReturn:
        self.stderr.write(f"stopped. {_how_to_go_on(run)}" if run else "stopped before anything was begun.")
        sys.exit(STOPPED)

    def _tell(self, run: Rebuild) -> int:
        terminal.differences(run, cast(TextIO, self.stdout))
        drift = Drift.objects.filter(rebuild=run, is_expected=False).exists()
        rows = terminal.rows_that_differ(run)
        if run.error:
            self.stdout.write(run.error)
        if run.state == State.DONE:
            self.stdout.write(f"{rows} from the live {run.projection}; {terminal.what_was_done(run)}")
            return DRIFT if drift else EQUAL
        if run.state == State.COMPARED:
            self.stdout.write(f"{rows} from the live {run.projection}; nothing was changed.")
            return DRIFT if drift else WAITS if run.differences else EQUAL
        if run.state == State.WAITING:
            self.stdout.write(
                f"{rows} in the new version {run.version} of {run.projection}."
                f" Swap it in: manage.py rebuild {run.projection} --accept. Give it up: --cancel."
            )
            return WAITS
        ended = "was cancelled" if run.state == State.CANCELLED else "failed"
        self.stdout.write(f"the rebuild {ended}; the live {run.projection} was not swapped.")
        return CANCELLED if run.state == State.CANCELLED else FAILED


def _how_to_go_on(run: Rebuild) -> str:
    then = "" if run.dry_run else " and change the live view at its end"
    return (
        f"The live view is whole. Running workers go on with the rebuild{then}; so does this command, given again."
        f" To give it up: manage.py rebuild {run.projection} --cancel"
    )
