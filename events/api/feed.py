"""GET events: the feed, for consumers that follow every change."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from events import following, partitions
from events.api import feed_schema as schema
from events.api.endpoint import Endpoint
from events.api.parameters import Reader, instant, list_of, matching, one_of, read_parameters, whole_number
from events.api.representation import event_as_json
from events.errors import CursorInvalid, FieldError, InvalidParameter
from events.event import EventType
from events.following.cursor import joined
from events.new_event import COMPONENT, SOURCE

DEFAULT_LIMIT: Final = 100
RETRY_AFTER: Final = 1
"""Seconds that a reader whose wait was refused leaves the server alone."""

_MAX_CURSORS: Final = 256
"""As many consumers can share a ledger: one for each partition that it can have."""

_MAX_VALUES = 20
_RUN = re.compile(r"(0|[1-9][0-9]{0,2})(?:-(0|[1-9][0-9]{0,2}))?")


class Feed(Endpoint):
    """events"""

    required_scopes = {"GET": "feed:read"}

    @extend_schema(**schema.FEED)
    def get(self, request: Request) -> Response:
        return read_feed(request)


def read_feed(request: Request) -> Response:
    """A page of the feed, or what came within `wait` seconds. Raises InvalidParameter, CursorInvalid."""
    given = read_parameters(request, _PARAMETERS)
    if "after" in given and "from" in given:
        detail = "from says where a consumer begins, after where it reads on: give one of them"
        raise InvalidParameter(detail, [FieldError("/from", "not_together", detail)])
    answer = following.follow(
        _place(given.get("after"), given.get("from")),
        partitions=given.get("partitions"),
        limit=given.get("limit", DEFAULT_LIMIT),
        wait=given.get("wait", 0),
        wanted=following.Wanted(given.get("component"), given.get("source"), given.get("type")),
    )
    response = Response(answer_as_json(answer))
    if answer.wait_refused:
        response["Retry-After"] = str(RETRY_AFTER)
    return response


def answer_as_json(answer: following.Answer) -> dict[str, Any]:
    """The page, the proof of what was examined for it, and where to read on."""
    return {
        "results": [event_as_json(event) for event in answer.events],
        "next": str(answer.next),
        "caught_up": answer.caught_up,
        "ranges": [asdict(examined) for examined in answer.ranges],
        "wait_refused": answer.wait_refused,
    }


def _place(after: str | None, since: Any) -> following.Place:
    """Raises CursorInvalid."""
    if after is None:
        return since
    if after == following.Tail.NOW.value:
        return following.Tail.NOW
    texts = after.split(",", _MAX_CURSORS)
    if len(texts) > _MAX_CURSORS:
        raise CursorInvalid(f"at most {_MAX_CURSORS} cursors are joined at once")
    return joined([following.Cursor.parse(text) for text in texts])


def _partitions(text: str) -> list[int]:
    """Reads "0-3,8"."""
    count = partitions.count()
    asked: set[int] = set()
    for part in text.split(","):
        run = _RUN.fullmatch(part)
        first, last = (int(run[1]), int(run[2] or run[1])) if run else (1, 0)
        if not first <= last < count:
            raise ValueError(f"must be partitions such as 0-3,8, from 0 to {count - 1}")
        asked.update(range(first, last + 1))
    return sorted(asked)


_PARAMETERS: dict[str, Reader] = {
    "after": str,
    "from": instant,
    "partitions": _partitions,
    "limit": whole_number(1, schema.MAX_LIMIT),
    "wait": whole_number(0, schema.MAX_WAIT),
    "component": list_of(matching(COMPONENT, "slugs of components such as toll,waiting_fee"), _MAX_VALUES),
    "source": list_of(matching(SOURCE, "sources such as pricing,tolls"), _MAX_VALUES),
    "type": list_of(one_of(*EventType), _MAX_VALUES),
}
