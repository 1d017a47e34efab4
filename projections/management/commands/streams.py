"""`manage.py streams`: the streams and how far their consumer groups have got. See docs/streams.md."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.table import Table

from events import feed
from projections.streams import groups, streams
from projections.streams.groups import GroupLag
from projections.streams.streams import ForeignStream, Stream
from projections.terminal_tables import counted, written

COULD_NOT_RUN = 2


class Command(BaseCommand):
    help = (
        "Shows the Redis Streams that events are relayed to, and each consumer group's lag in events."
        " Exit codes: 0, or 2 if Redis does not answer or has something else under their keys."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--partitions", action="store_true", help="each partition, not only the sums")
        parser.add_argument("--json", action="store_true", help="every figure of every partition as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        heads = feed.heads()
        try:
            found, lags = streams.look(heads), groups.group_lags()
        except (redis.ResponseError, ForeignStream) as error:
            raise CommandError(f"the streams cannot be read: {error}", returncode=COULD_NOT_RUN) from None
        if options["json"]:
            self.stdout.write(_json(found, heads, lags))
            return
        self._tell(found, heads, lags, options["partitions"])

    def _tell(
        self, found: list[Stream], heads: dict[int, int], lags: list[GroupLag], each_partition: bool
    ) -> None:
        behind = sum(_behind(stream, heads) for stream in found)
        entries = sum(stream.length for stream in found)
        self.stdout.write(
            f"{counted(entries, 'event')} in {counted(sum(stream.begun for stream in found), 'stream')},"
            f" the relay lacks {behind:,}"
        )
        if each_partition:
            self.stdout.write(written(_streams_table(found, heads)))
        told = [*groups.totals(lags), *(lags if each_partition else ())]
        self.stdout.write(written(_groups_table(told)) if told else "no consumer group")


def _json(found: list[Stream], heads: dict[int, int], lags: list[GroupLag]) -> str:
    return json.dumps(
        {
            "streams": [
                {
                    "partition": stream.partition,
                    "events": stream.length,
                    "first": stream.first,
                    "last": stream.last,
                    "relay_lag": _behind(stream, heads),
                }
                for stream in found
            ],
            "groups": [asdict(lag) for lag in lags],
        },
        indent=1,
    )


def _behind(stream: Stream, heads: dict[int, int]) -> int:
    return max(0, heads[stream.partition] - stream.last)


def _streams_table(found: list[Stream], heads: dict[int, int]) -> Table:
    table = _table("partition", "events", "first", "last", "relay lag")
    for stream in found:
        figures = (stream.partition, stream.length, stream.first, stream.last, _behind(stream, heads))
        table.add_row(*(f"{figure:,}" for figure in figures))
    return table


def _groups_table(lags: list[GroupLag]) -> Table:
    table = _table("group", "partition", "lag", "pending", "oldest pending", "trimming waits")
    for lag in lags:
        table.add_row(
            lag.group,
            "all" if lag.partition is None else str(lag.partition),
            f"{lag.lag:,}",
            f"{lag.pending:,}",
            "" if lag.oldest_pending_seconds is None else f"{lag.oldest_pending_seconds:,.0f} s",
            "yes" if lag.ours else "no",
        )
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(first)
    for name in others:
        table.add_column(name, justify="right")
    return table
