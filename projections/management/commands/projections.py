"""`manage.py projections`: how they are, and what operators do with them."""

from __future__ import annotations

import json
from argparse import SUPPRESS
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection

from events import feed, history
from events.new_event import BOOKING_ID
from events.partitions import partition_of
from projections import control, drift, rebuild, set_aside, status, status_table
from projections.api.projections import projection_as_json
from projections.checkpoints import ForeignCheckpoint, OtherVersion
from projections.control import CannotReplay
from projections.management.arguments import partitions, position, positions, who
from projections.projector import LIVE, Projector
from projections.projectors import UnknownProjection, projector
from projections.projectors.fare_stream import FareStreamProjector
from projections.set_aside import CannotFoldOne, NotSetAside
from projections.terminal_tables import counted

FAILED, WRONG_USE = 1, 2


class Command(BaseCommand):
    help = (
        "Shows how far the projections have got, what is set aside and what differs from the ledger; pauses and"
        " resumes them, replays a consumer, takes back what was set aside, repairs a booking."
        " Exit codes: 0 done; 1 it failed, or with --check somebody should look; 2 wrong use, or PostgreSQL is away."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions")
        shown = actions.add_parser("status", help="how they are; what is done without an action")
        _shown(parser)
        _shown(shown, default=SUPPRESS)  # what was said before the action holds
        _named(actions, "pause", "nothing moves it until it is resumed")
        _named(actions, "resume", "it is moved again")
        replay = _named(actions, "replay", "sets a consumer back, so that it takes events again")
        where = replay.add_mutually_exclusive_group(required=True)
        where.add_argument(
            "--after", type=position, metavar="POSITION", help="in each partition; 0: from the start"
        )
        where.add_argument(
            "--cursor", type=positions, metavar="0:120,3:88", help="partition and position, of some"
        )
        replay.add_argument("--partitions", type=partitions, metavar="LIST", help="only these, such as 0-15")
        replay.add_argument("--group", metavar="NAME", help="of fare_stream: only this consumer group")
        aside = actions.add_parser("set-aside", help="the bookings that a projector could not take")
        aside.add_argument("name", metavar="NAME", nargs="?", help="of one projection")
        aside.add_argument("--traceback", action="store_true", help="with the whole error")
        retry = _named(actions, "retry", "takes a booking that was set aside back in")
        which = retry.add_mutually_exclusive_group(required=True)
        which.add_argument("booking", metavar="BOOKING_ID", nargs="?")
        which.add_argument("--all", action="store_true", help="all that are set aside")
        repair = _named(actions, "repair", "folds one booking anew from its first event")
        repair.add_argument("booking", metavar="BOOKING_ID")

    def handle(self, *args: Any, **options: Any) -> None:
        act = getattr(self, f"_{(options['action'] or 'status').replace('-', '_')}")
        try:
            act(options)
        except (UnknownProjection, CannotReplay, NotSetAside, CannotFoldOne) as error:
            raise CommandError(str(error), returncode=WRONG_USE) from None
        except (ForeignCheckpoint, OtherVersion) as error:
            raise CommandError(f"{error}: rebuild it", returncode=FAILED) from None
        except OperationalError as error:
            if _is_away(error):
                raise
            raise CommandError(f"the database could not do it now: {error}", returncode=FAILED) from error

    def _status(self, options: dict[str, Any]) -> None:
        found = status.statuses()
        if options["json"]:
            listed = [projection_as_json(each, partitions=options["each"]) for each in found]
            self.stdout.write(json.dumps(listed, indent=2))
        else:
            self.stdout.write(status_table.overview(found))
            if options["each"]:
                self.stdout.write("\n" + status_table.by_partition(found))
        if options["check"] and any(each.is_alarming for each in found):
            raise SystemExit(FAILED)

    def _pause(self, options: dict[str, Any]) -> None:
        name = projector(options["name"]).name
        control.pause(name, who())
        self.stdout.write(f"{name} is paused. Go on with it: manage.py projections resume {name}")

    def _resume(self, options: dict[str, Any]) -> None:
        name = projector(options["name"]).name
        was_paused = control.resume(name, who())
        self.stdout.write(f"{name} is moved again" if was_paused else f"{name} was not paused")

    def _replay(self, options: dict[str, Any]) -> None:
        consumer = projector(options["name"])
        if options["cursor"] and options["partitions"]:
            raise CannotReplay("--cursor names the partitions itself: leave --partitions out")
        after = options["cursor"] or dict.fromkeys(
            options["partitions"] or sorted(feed.heads()), options["after"]
        )
        control.replay(_of_group(consumer, options["group"]), after)
        when = "from the next sweep on" if consumer.live else "with the next run of its own schedule"
        self.stdout.write(f"{consumer.name} takes again what comes after {_places(after)}, {when}")

    def _set_aside(self, options: dict[str, Any]) -> None:
        rows = set_aside.of(projector(options["name"]).name if options["name"] else None)
        if not rows:
            self.stdout.write("nothing is set aside")
            return
        self.stdout.write(status_table.set_aside_list(rows))
        for row in rows if options["traceback"] else ():
            self.stdout.write(f"\n{row.projection}, booking {row.booking_id}\n{row.traceback.rstrip()}")

    def _retry(self, options: dict[str, Any]) -> None:
        view = projector(options["name"])
        if options["all"]:
            bookings = [row.booking_id for row in set_aside.of(view.name)]
        else:
            bookings = [_checked(options["booking"])]
        failed = sum(not self._retried(view, booking) for booking in bookings)
        if not bookings:
            self.stdout.write(f"nothing is set aside in {view.name}")
        if failed:
            raise CommandError(
                f"{failed:,} of {len(bookings):,} failed again, and stay set aside", returncode=FAILED
            )

    def _retried(self, view: Projector, booking: str) -> bool:
        error = _projectors_error(lambda: set_aside.retry(view, booking))
        if error is None:
            self.stdout.write(f"booking {booking} is taken back into {view.name}")
        else:
            self.stderr.write(f"booking {booking}: {type(error).__name__}: {error}")
        return error is None

    def _repair(self, options: dict[str, Any]) -> None:
        view, booking = projector(options["name"]), _checked(options["booking"])
        head = history.head_of(booking)
        if head is None and view.by_booking and not _has_rows(view, booking):
            raise CommandError(
                f"the ledger has no event of booking {booking}, and {view.name} no row", returncode=WRONG_USE
            )
        error = _projectors_error(lambda: rebuild.repair_booking(view, booking))
        if error is not None:
            raise CommandError(
                f"it cannot be folded, and is as it was: {type(error).__name__}: {error}", returncode=FAILED
            )
        drift.check_now(view, [booking])
        events = f"its {counted(head.version, 'event')}" if head else "the ledger, which has no event of it"
        self.stdout.write(f"booking {booking} of {view.name} is folded anew from {events}")


def _shown(parser: CommandParser, **more: Any) -> None:
    add = partial(parser.add_argument, action="store_true", **more)
    add("--partitions", dest="each", help="each partition too")
    add("--json", help="every figure, as the API has it")
    add("--check", help="exit code 1 if there is drift, something is set aside or stands still")


def _named(actions: Any, action: str, what: str) -> CommandParser:
    parser: CommandParser = actions.add_parser(action, help=what)
    parser.add_argument("name", metavar="NAME", help="the projection, such as current_fare")
    return parser


def _projectors_error(work: Callable[[], None]) -> Exception | None:
    """What the projector said, if it could not take the booking; what is not its own is raised."""
    try:
        work()
    except (NotSetAside, CannotFoldOne, *set_aside.NOT_ABOUT_A_BOOKING):
        raise
    except Exception as error:
        return error
    return None


def _is_away(error: OperationalError) -> bool:
    """Whether PostgreSQL is not there, rather than unable to do just this now."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(("08", "57P"))  # connections, and a server that is ended


def _checked(booking: str) -> str:
    if not BOOKING_ID.fullmatch(booking):
        raise CommandError(f"{booking!a} cannot be a booking id", returncode=WRONG_USE)
    return booking


def _has_rows(view: Projector, booking: str) -> bool:
    with connection.cursor() as cursor:
        for table in view.tables:
            cursor.execute(
                f'SELECT 1 FROM "{LIVE}"."{table}" WHERE partition = %s AND booking_id = %s LIMIT 1',  # noqa: S608
                [partition_of(booking), booking],
            )
            if cursor.fetchone():
                return True
    return False


def _of_group(consumer: Projector, group: str | None) -> Projector:
    if group is None:
        return consumer
    if not isinstance(consumer, FareStreamProjector):
        raise CannotReplay(f"{consumer.name} has no consumer groups: leave --group out")
    return FareStreamProjector(group)


def _places(after: dict[int, int]) -> str:
    if len(after) > 1 and len(set(after.values())) == 1:
        return f"position {min(after.values())} in {counted(len(after), 'partition')}"
    return ", ".join(f"{partition}:{place}" for partition, place in sorted(after.items()))
