"""What the OpenAPI document says of the feed; written by hand, as for the other calls."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from events.api.schema import EVENT_EXAMPLE

MAX_LIMIT: Final = 1000
MAX_WAIT: Final = 30

_POSITION: Final = {"type": "integer", "minimum": 0}

FEED_RANGE: Final = {
    "type": "object",
    "description": "What was examined of one partition: every position after `after`, up to `upto`.",
    "additionalProperties": False,
    "required": ["partition", "after", "upto"],
    "properties": {
        "partition": {"type": "integer", "minimum": 0, "maximum": 255},
        "after": {**_POSITION, "description": "`upto` of the last range of this partition that you read."},
        "upto": {"type": "integer", "minimum": 1},
    },
}

FEED_PAGE: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "results": {
            "type": "array",
            "description": "In position order within each partition, so in version order within each booking.",
            "items": {"$ref": "#/components/schemas/FareEvent"},
        },
        "next": {
            "type": "string",
            "description": "The cursor to read on from, always. Keep it together with what you made of the events.",
        },
        "caught_up": {
            "type": "boolean",
            "description": "Whether nothing more was there when it was read. False: ask again at once.",
        },
        "ranges": {
            "type": "array",
            "description": "What was examined, of the partitions that had something; with a filter, too.",
            "items": {"$ref": "#/components/schemas/FeedRange"},
        },
        "wait_refused": {
            "type": "boolean",
            "description": "Whether the answer would have waited, but too many readers wait already: ask again after "
            "`Retry-After` seconds.",
        },
    },
}
FEED_PAGE["required"] = list(FEED_PAGE["properties"])

SCHEMAS: Final = {"FeedPage": FEED_PAGE, "FeedRange": FEED_RANGE}

_EXAMPLE: Final = {
    "results": [EVENT_EXAMPLE],
    "next": "AWm4tbqxzEoonIbGfMYDK4QBEgEAQPMg",
    "caught_up": True,
    "ranges": [{"partition": 17, "after": 4210, "upto": 4211}],
    "wait_refused": False,
}


def _query(name: str, schema: dict[str, Any], description: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, description=description)


FEED: Final[dict[str, Any]] = {
    "operation_id": "read_feed",
    "summary": "Follow all fares",
    "description": (
        "Every event of the ledger, partition by partition in position order. Read from a cursor, handle the events, "
        "keep `next`, read on from there.\n\n"
        "**Complete.** Positions count from 1 in each partition, without gaps. `ranges` say what was examined: each "
        "begins where the last one of its partition ended; without a filter `results` has every position in it.\n\n"
        "**Waiting.** With `wait`, an answer that would be empty waits for the first event that is wanted. What a "
        "filter passes over on the way counts towards `limit`, and the cursor moves past it.\n\n"
        "**Sharing.** Consumers share the work by `partitions`. A cursor says which it covers; read with some of them, "
        "it keeps the others where they are. Several cursors, separated by commas, are joined: at most 256."
    ),
    "tags": ["Feed"],
    "parameters": [
        _query("after", {"type": "string"},
               "`next` of the last answer, or several of them joined by commas; `tail`: only what comes from now on. "
               "Left out: from the start."),
        _query("from", {"type": "string", "format": "date-time"},
               "Instead of `after`, to begin: the events recorded at this time or later."),
        _query("partitions", {"type": "string", "examples": ["0-15", "0-3,8"]},
               "Those to read. Left out: all that the cursor covers; at the start, all there are."),
        _query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 100},
               "Events to examine, at most."),
        _query("wait", {"type": "integer", "minimum": 0, "maximum": MAX_WAIT, "default": 0},
               "Seconds to wait, at most, where there is nothing to answer."),
        _query("component", {"type": "string", "examples": ["toll,waiting_fee"]},
               "Only events of these components."),
        _query("source", {"type": "string", "examples": ["pricing"]}, "Only events of these services."),
        _query("type", {"type": "string", "examples": ["ADD,SUB"]}, "Only events of these types."),
        OpenApiParameter("Retry-After", {"type": "integer"}, OpenApiParameter.HEADER, response=[200],
                         description="Only with `wait_refused`: seconds to wait."),
    ],
    "responses": {
        200: OpenApiResponse(
            {"$ref": "#/components/schemas/FeedPage"},
            "A page of the feed, which may be empty.",
            [OpenApiExample("page", value=_EXAMPLE, response_only=True)],
        )
    },
    "extensions": {
        "x-required-scope": "feed:read",
        "x-problem-codes": ["cursor_invalid", "invalid_parameter"],
    },
}  # fmt: skip
