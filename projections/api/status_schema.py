"""What the OpenAPI document says of the calls for operators."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from events.api.schema import TIME, or_null
from projections.models import Rebuild
from projections.status import FOREIGN_CHECKPOINT, OTHER_VERSION

_COUNT: Final = {"type": "integer", "minimum": 0}
_VERSION: Final = {"type": "string", "description": "Of the projector that computes it."}
_LAST_CHECK: Final = {**or_null(TIME), "description": "When the drift monitor last checked some of it."}
_PROVEN_AT: Final = {
    **or_null(TIME),
    "description": "Last proven equal to the ledger at: when the last walk through all of it began that found no "
    "drift, or the last rebuild of the same version. Null if it was never proven, and of a consumer.",
}


def _object(description: str, properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


PARTITION: Final = _object(
    "A projection in one partition of the ledger.",
    {
        "partition": _COUNT,
        "position": {**_COUNT, "description": "The last position that it has passed."},
        "head": {**_COUNT, "description": "The last position of the partition's log."},
        "last_drift_check": _LAST_CHECK,
        "proven_at": _PROVEN_AT,
    },
)

_REBUILD: Final = {
    "id": {"type": "string", "format": "uuid"},
    "state": {"type": "string", "enum": list(Rebuild.State.values)},
    "version": _VERSION,
    "dry_run": {"type": "boolean", "description": "Whether it compares only, and swaps nothing in."},
    "started_at": TIME,
}
_DIFFERENCES: Final = {**_COUNT, "description": "Rows that were other than the ledger says."}

LAST_REBUILD: Final = _object(
    "A rebuild that has ended.", {**_REBUILD, "finished_at": or_null(TIME), "differences": _DIFFERENCES}
)
REBUILD: Final = _object(
    "A rebuild that has not ended.",
    {
        **_REBUILD,
        "events_done": _COUNT,
        "events_total": _COUNT,
        "seconds_left": {
            "type": ["number", "null"],
            "minimum": 0,
            "description": "Until its events are in, at the rate so far.",
        },
        "partitions_compared": _COUNT,
        "differences": _DIFFERENCES,
    },
)
PAUSE: Final = _object("Who paused it, and when.", {"since": TIME, "by": {"type": "string"}})


def _or_null(name: str, description: str) -> dict[str, Any]:
    one_of = [{"$ref": f"#/components/schemas/{name}"}, {"type": "null"}]
    return {"oneOf": one_of, "description": description}


PROJECTION: Final = _object(
    "A view of the ledger, or a consumer of it.",
    {
        "name": {"type": "string", "examples": ["current_fare"]},
        "kind": {
            "type": "string",
            "enum": ["view", "consumer"],
            "description": "A view has tables, which can be rebuilt and proven; a consumer has its effects elsewhere.",
        },
        "version": _VERSION,
        "live_version": {
            "type": "string",
            "description": "The version that its tables are of; several, with commas between, if they differ.",
        },
        "position": {**_COUNT, "description": "Events that it has passed, over all partitions."},
        "head": {**_COUNT, "description": "Events in the ledger."},
        "lag_events": {
            **_COUNT,
            "description": "Events that it lacks, with those of bookings that are set aside.",
        },
        "lag_seconds": {
            "type": "number",
            "minimum": 0,
            "description": "The age of the oldest event that it lacks; 0 if it lacks none.",
        },
        "set_aside": {**_COUNT, "description": "Bookings that it could not take, and goes on without."},
        "paused": _or_null("ProjectionPause", "Null if it is not paused."),
        "needs_rebuild": {
            "type": ["string", "null"],
            "enum": [OTHER_VERSION, FOREIGN_CHECKPOINT, None],
            "description": "Why it stands still until it is rebuilt (a view) or replayed (a consumer).",
        },
        "unknown_position": {
            "type": ["string", "null"],
            "description": "Why it cannot be told where it truly is, so that its checkpoints are shown instead.",
        },
        "last_rebuild": _or_null("EndedRebuild", "The last rebuild that ended."),
        "rebuild": _or_null("UnfinishedRebuild", "The rebuild that has not ended."),
        "last_drift_check": _LAST_CHECK,
        "proven_at": _PROVEN_AT,
        "open_drift": {
            **_COUNT,
            "description": "Rows that were found to be other than the ledger says, and are not put right yet.",
        },
        "reads": {
            "type": ["object", "null"],
            "description": "Of `fare_cache` only: how eventual reads were answered since Redis was last emptied. "
            "Null while Redis does not say.",
            "additionalProperties": False,
            "required": ["hits", "waits", "misses", "errors"],
            "properties": {
                "hits": {**_COUNT, "description": "Redis had the fare."},
                "waits": {
                    **_COUNT,
                    "description": "Another reader was reading it, and this one waited for that.",
                },
                "misses": {**_COUNT, "description": "The view was read."},
                "errors": {**_COUNT, "description": "Redis failed, and the view was read."},
            },
        },
        "consumer_groups": {
            "type": ["array", "null"],
            "description": "Of `fare_stream` only: how far the groups are that read it. Null while Redis does not say.",
            "items": {"$ref": "#/components/schemas/ConsumerGroup"},
        },
        "partitions": {
            "type": "array",
            "description": "Only if asked for.",
            "items": {"$ref": "#/components/schemas/ProjectionPartition"},
        },
    },
    optional=("reads", "consumer_groups", "partitions"),
)

CONSUMER_GROUP: Final = _object(
    "A consumer group of the streams, over all partitions.",
    {
        "name": {"type": "string"},
        "lag_events": {**_COUNT, "description": "Events that none of its consumers was given yet."},
        "pending": {**_COUNT, "description": "Events that one was given and has not acknowledged."},
        "oldest_pending_seconds": {
            "type": ["number", "null"],
            "minimum": 0,
            "description": "How long ago the oldest of those was recorded; null if there is none.",
        },
    },
)

SCHEMAS: Final = {
    "Projection": PROJECTION,
    "ProjectionPage": _object(
        "All projections.",
        {
            "results": {"type": "array", "items": {"$ref": "#/components/schemas/Projection"}},
            "next": {"type": "null", "description": "There is one page."},
        },
    ),
    "ProjectionPartition": PARTITION,
    "ConsumerGroup": CONSUMER_GROUP,
    "ProjectionPause": PAUSE,
    "EndedRebuild": LAST_REBUILD,
    "UnfinishedRebuild": REBUILD,
}
"""Named schemas that these calls refer to."""

_EXAMPLE = {
    "name": "current_fare",
    "kind": "view",
    "version": "1",
    "live_version": "1",
    "position": 1250340,
    "head": 1250342,
    "lag_events": 2,
    "lag_seconds": 0.041,
    "set_aside": 0,
    "paused": None,
    "needs_rebuild": None,
    "unknown_position": None,
    "last_rebuild": {
        "id": "6f1f3c1e-6a53-4b8e-9a55-3c7a1f0e9b1d",
        "state": "done",
        "version": "1",
        "dry_run": False,
        "started_at": "2026-05-03T03:10:00.120030Z",
        "finished_at": "2026-05-03T03:10:21.482113Z",
        "differences": 0,
    },
    "rebuild": None,
    "last_drift_check": "2026-05-03T14:05:00.000000Z",
    "proven_at": "2026-05-03T02:44:12.000000Z",
    "open_drift": 0,
}

LIST_PROJECTIONS: Final[dict[str, Any]] = {
    "operation_id": "list_projections",
    "summary": "Look after the projections",
    "description": "How far every view and consumer has got, what it lacks, and when it was last proven equal to "
    "the ledger.",
    "tags": ["Operations"],
    "parameters": [
        OpenApiParameter(
            "partitions",
            {"type": "string", "enum": ["true", "false"], "default": "false"},
            description="`true` shows each partition too.",
        ),
    ],
    "responses": {
        200: OpenApiResponse(
            {"$ref": "#/components/schemas/ProjectionPage"},
            "All projections, in the order in which they are moved.",
            [OpenApiExample("projections", value={"results": [_EXAMPLE], "next": None}, response_only=True)],
        ),
    },
    "extensions": {"x-required-scope": "ops", "x-problem-codes": ["invalid_parameter"]},
}
