"""GET projections: how far every view and consumer has got, and whether it is equal to the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import redis
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from events.api.endpoint import Endpoint
from events.api.parameters import one_of, read_parameters
from events.api.representation import time_as_json
from projections import cache, status
from projections.api import status_schema as schema
from projections.models import Rebuild
from projections.rebuild import Progress
from projections.status import PartitionStatus, Status
from projections.streams import groups
from projections.streams.streams import ForeignStream

T = TypeVar("T")

_PARAMETERS = {"partitions": one_of("true", "false")}


class Projections(Endpoint):
    """projections"""

    required_scopes = {"GET": "ops"}

    @extend_schema(**schema.LIST_PROJECTIONS)
    def get(self, request: Request) -> Response:
        partitions = read_parameters(request, _PARAMETERS).get("partitions") == "true"
        results = [projection_as_json(each, partitions=partitions) for each in status.statuses()]
        return Response({"results": results, "next": None})


def projection_as_json(of: Status, *, partitions: bool) -> dict[str, Any]:
    """The status of one projection; with `partitions`, of each partition too."""
    answer = {
        "name": of.name,
        "kind": "view" if of.has_tables else "consumer",
        "version": of.version,
        "live_version": of.live_version,
        "position": of.position,
        "head": of.head,
        "lag_events": of.lag_events,
        "lag_seconds": round(of.lag_seconds, 3),
        "set_aside": of.set_aside,
        "paused": {"since": time_as_json(of.paused_at), "by": of.paused_by} if of.paused_at else None,
        "needs_rebuild": of.needs_rebuild,
        "unknown_position": of.unknown_position,
        "last_rebuild": _ended(of.last_rebuild) if of.last_rebuild else None,
        "rebuild": _under_way(of.rebuild, of.progress) if of.rebuild and of.progress else None,
        "last_drift_check": _time(of.checked_at),
        "proven_at": _time(of.proven_at),
        "open_drift": of.open_drift,
        **_of_redis(of),
    }
    return answer | {"partitions": [_partition(each) for each in of.partitions]} if partitions else answer


def _partition(of: PartitionStatus) -> dict[str, Any]:
    return {
        "partition": of.partition,
        "position": of.position,
        "head": of.head,
        "last_drift_check": _time(of.checked_at),
        "proven_at": _time(of.proven_at),
    }


def _of_redis(of: Status) -> dict[str, Any]:
    """What only Redis knows of a projection; null while it does not say."""
    if of.name == "fare_cache":
        return {"reads": _if_known(cache.counters)}
    if of.name == "fare_stream":
        # A Redis that did not tell the position is not waited for a second time.
        return {"consumer_groups": None if of.unknown_position else _if_known(_consumer_groups)}
    return {}


def _consumer_groups() -> list[dict[str, Any]]:
    return [
        {
            "name": group.group,
            "lag_events": group.lag,
            "pending": group.pending,
            "oldest_pending_seconds": group.oldest_pending_seconds,
        }
        for group in groups.totals(groups.group_lags())
    ]


def _if_known(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except (redis.RedisError, ForeignStream):
        return None


def _ended(rebuild: Rebuild) -> dict[str, Any]:
    return {
        "id": str(rebuild.pk),
        "state": rebuild.state,
        "version": rebuild.version,
        "dry_run": rebuild.dry_run,
        "started_at": time_as_json(rebuild.started_at),
        "finished_at": _time(rebuild.finished_at),
        "differences": rebuild.differences,
    }


def _under_way(rebuild: Rebuild, progress: Progress) -> dict[str, Any]:
    return {
        "id": str(rebuild.pk),
        "state": rebuild.state,
        "version": rebuild.version,
        "dry_run": rebuild.dry_run,
        "started_at": time_as_json(rebuild.started_at),
        "events_done": progress.events_done,
        "events_total": progress.events_total,
        "seconds_left": None if progress.eta_seconds is None else round(progress.eta_seconds, 1),
        "partitions_compared": progress.partitions_compared,
        "differences": rebuild.differences,
    }


def _time(instant: datetime | None) -> str | None:
    return None if instant is None else time_as_json(instant)
